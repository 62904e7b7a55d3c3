import { queryOptions, skipToken } from "@tanstack/react-query";
import { type Address, erc20Abi } from "viem";

import { type PurchasePlan, planPurchase } from "@compute-credits/client/chain/planPurchase";
import type { ChainAccess } from "../chain/ChainAccess.tsx";
import type { ServerFacts } from "./server.ts";

/** The vault's token, as it calls itself: text of others. */
export interface Token {
  readonly symbol: string;
  readonly decimals: number;
}

const SYMBOL_CHARACTERS = 20;

export const tokenQuery = ({ terms }: ServerFacts, access: ChainAccess | null) =>
  queryOptions({
    queryKey: ["token", terms.token, access?.through],
    staleTime: Infinity,
    queryFn:
      access === null
        ? skipToken
        : async (): Promise<Token> => {
            const client = await access.client();
            const token = { address: terms.token, abi: erc20Abi } as const;
            const [symbol, decimals] = await Promise.all([
              client.readContract({ ...token, functionName: "symbol" }).catch(() => "tokens"),
              client.readContract({ ...token, functionName: "decimals" }),
            ]);
            return { symbol: symbol.slice(0, SYMBOL_CHARACTERS), decimals };
          },
  });

/** How so many credits are best paid; `null` asks nothing. */
export const planQuery = (
  { deployment }: ServerFacts,
  access: ChainAccess | null,
  payer: Address,
  creditMicros: bigint | null,
) =>
  queryOptions({
    queryKey: ["own", payer, "plan", `${creditMicros}`, access?.through],
    queryFn:
      access === null || creditMicros === null
        ? skipToken
        : async (): Promise<PurchasePlan> => {
            const on = { client: await access.client(), contract: deployment.contract };
            return await planPurchase(on, { payer, creditMicros });
          },
  });
