import { queryOptions, skipToken } from "@tanstack/react-query";
import type { Address } from "viem";

import type { ChainAccess } from "../chain/ChainAccess.tsx";
import type { RefundOnChain } from "../chain/refundOnChain.ts";
import { pollingMs } from "../chain/pollingMs.ts";
import { connection } from "./onChain.ts";
import type { ServerFacts } from "./server.ts";

/** What the vault says of an account's refund, read with each block or so. */
export const refundQuery = (server: ServerFacts, access: ChainAccess | null, account: Address) =>
  queryOptions({
    queryKey: ["own", account, "changing", "refund", access?.through],
    refetchInterval: pollingMs(server.deployment.chainId) * 4,
    queryFn:
      access === null
        ? skipToken
        : async (): Promise<RefundOnChain> => {
            const { readRefund } = await import("../chain/refundOnChain.ts");
            return await readRefund(await connection(server, access), account);
          },
  });
