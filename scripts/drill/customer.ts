import { randomUUID } from "node:crypto";

import { buyCredits } from "@compute-credits/client/chain/credits";
import {
  type MeteringClient,
  createMeteringClient,
} from "@compute-credits/client/http/meteringClient";
import { createApiKey, createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { createReadAccess } from "@compute-credits/client/wallet/logAccess";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { type LocalDeployment, localClient, localWallet } from "../local/deployLocal.ts";
import { eventually } from "../local/eventually.ts";
import { HARDHAT_CHAIN } from "../local/hardhatChain.ts";
import { mintDollars } from "../local/mintDollars.ts";
import { wallets } from "../local/wallets.ts";

const BOUGHT_CREDITS = "1000";
const METER = "requests";

/** Alice, who pays, and a provider that bills the holder of her key. */
export interface Customer {
  /** Reports so many events of one unit and returns which were answered as debited. */
  use(count: number): Promise<readonly string[]>;
  /** Reports events again, with the same ids. Returns how many were repetitions. */
  repeat(ids: readonly string[]): Promise<number>;
  hold(id: string): Promise<void>;
  capture(id: string): Promise<void>;
  balance(): Promise<{ readonly spentMicros: bigint; readonly heldMicros: bigint }>;
  earned(): Promise<bigint>;
}

/** Buys credits, signs an allowance for a key, and registers the provider's key. */
export async function createCustomer(
  { contract, token, rpcUrl }: LocalDeployment & { readonly rpcUrl: string },
  serverUrl: string,
): Promise<Customer> {
  const { alice, provider } = wallets;
  const client = localClient(rpcUrl);
  const asAlice = { wallet: localWallet(rpcUrl, alice), client, contract };
  const deployment = { chainId: HARDHAT_CHAIN.id, contract: lowercaseHex(contract) };
  const creditMicros = parseCredits(BOUGHT_CREDITS);
  const by = alice.account;
  await mintDollars(asAlice, { token, by, to: by.address, tokenAmount: creditMicros });
  await buyCredits(asAlice, { account: alice.account.address, creditMicros });

  const providerKey = createProviderKey();
  const metering: MeteringClient = createMeteringClient(serverUrl, { key: providerKey });
  const own = createMeteringClient(serverUrl, {
    authorization: createReadAccess(asAlice.wallet, deployment),
  });
  await eventually("the purchase in the ledger", async () => {
    const { purchasedMicros } = await own.balance(alice.account.address);
    return purchasedMicros === creditMicros;
  });
  const key = {
    provider: lowercaseHex(provider.account.address),
    keyHash: apiKeySpender(providerKey),
  };
  const signature = await provider.account.signTypedData(providerKeyTypedData(deployment, key));
  await metering.registerProviderKey({ ...key, signature });
  const apiKey = createApiKey();
  const spender = apiKeySpender(apiKey);
  const signed = await signAllowance(asAlice.wallet, deployment, {
    spender,
    limitMicros: creditMicros,
    accountCapMicros: creditMicros,
    counter: 0n,
  });
  await metering.addAllowance(signed, { apiKey });
  await metering.claimAccess(apiKey);

  const sent = new Map<string, string>();
  async function report(ids: readonly string[]) {
    return await metering.reportUsage(
      ids.map((id) => ({
        specversion: "1.0",
        type: "compute-credits.usage.v1",
        source: key.provider,
        id,
        time: sent.get(id) ?? "",
        subject: spender,
        data: { meter: METER, quantity: 1 },
      })),
    );
  }

  return {
    async use(count) {
      const ids = Array.from({ length: count }, () => randomUUID());
      for (const id of ids) sent.set(id, new Date().toISOString());
      const outcomes = await report(ids);
      return ids.filter((_, place) => outcomes[place]?.result === "debited");
    },
    repeat: async (ids) =>
      (await report(ids)).filter((outcome) => outcome.result === "debited" && outcome.repeated)
        .length,
    hold: (id) => metering.hold({ id, apiKey, meter: METER, quantity: 10, ttlSeconds: 200 }),
    async capture(id) {
      await metering.capture(id, { eventId: `${id}-done`, quantity: 4 });
    },
    balance: () => own.balance(alice.account.address),
    earned: async () => (await metering.balance(provider.account.address)).earnedMicros,
  };
}
