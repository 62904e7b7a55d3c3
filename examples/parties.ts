import type { Address } from "viem";

import { waitForBlock } from "@compute-credits/client/accounts/waitForBlock";
import { allow } from "@compute-credits/client/allowances/allow";
import { buyCredits } from "@compute-credits/client/chain/credits";
import { readCounter } from "@compute-credits/client/chain/readCounter";
import { readDeployment } from "@compute-credits/client/deployment/readDeployment";
import { createApi } from "@compute-credits/client/http/api";
import { readBudgets } from "@compute-credits/client/insight/readBudgets";
import { addProviderKey } from "@compute-credits/client/providers/addProviderKey";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { createReadAccess } from "@compute-credits/client/wallet/logAccess";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { localClient, localWallet } from "../scripts/local/deployLocal.ts";
import { mintDollars } from "../scripts/local/mintDollars.ts";
import { type TestWallet, wallets } from "../scripts/local/wallets.ts";

/** A system of `npm start`. */
export interface LocalSystem {
  /** the metering server's address */
  readonly server: string;
  /** the chain's */
  readonly rpc: string;
}

/** A customer and a provider of a local system. */
export interface Parties {
  readonly account: Address;
  /** the provider's key at the metering server */
  readonly providerKey: string;
  /** Buys credits for the customer, with test dollars. */
  buy(creditMicros: bigint): Promise<void>;
  /** A new API key, which may spend so much of the customer's credits and no more. */
  newKey(limitMicros: bigint): Promise<string>;
  /** What a key has spent or on hold, as the server tells the key itself. */
  used(apiKey: string): Promise<bigint>;
}

/** Enough for any example: ten thousand credits. */
const TEST_DOLLARS = 100_000_000n;

/** Opens the customer's wallet, and registers a key of the provider's. */
export async function openParties(
  { server, rpc }: LocalSystem,
  payer: TestWallet = wallets.bob,
): Promise<Parties> {
  const api = createApi(server);
  const { deployment } = await readDeployment(api);
  const { contract } = deployment;
  const client = localClient(rpc);
  const account = payer.account.address;
  const asPayer = { wallet: localWallet(rpc, payer), client, contract };
  const signing = (wallet: TestWallet) => ({ wallet: localWallet(rpc, wallet), deployment });
  // Each party reads its own balance.
  const authorization = createReadAccess(asPayer.wallet, deployment);
  const asOwner = createApi(server, { authorization });
  const { key: providerKey } = await addProviderKey(api, signing(wallets.provider));

  return {
    account,
    providerKey,

    async buy(creditMicros) {
      const token = await client.readContract({
        address: contract,
        abi: computeCreditsAbi,
        functionName: "token",
      });
      const by = payer.account;
      await mintDollars(asPayer, { token, by, to: account, tokenAmount: TEST_DOLLARS });
      const { receipt } = await buyCredits(asPayer, { account, creditMicros });
      await waitForBlock(asOwner, { account, blockNumber: receipt.blockNumber });
    },

    async newKey(limitMicros) {
      const apiKey = createApiKey();
      const counter = await readCounter({ client, contract }, account);
      const spender = apiKeySpender(apiKey);
      await allow(api, signing(payer), { spender, limitMicros, counter, apiKey });
      return apiKey;
    },

    async used(apiKey) {
      const asKey = createApi(server, { key: apiKey });
      const { budgets } = await readBudgets(asKey, { spender: apiKeySpender(apiKey) });
      return budgets.reduce((sum, { usedMicros }) => sum + usedMicros, 0n);
    },
  };
}
