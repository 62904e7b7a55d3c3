import type { Address, PublicClient, TransactionReceipt } from "viem";

import { waitForSuccess } from "@compute-credits/client/chain/transact";
import { CLIENT_REASONS } from "@compute-credits/client/errors/clientReasons";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import type { Sent } from "./sentStore.ts";
import { type Watcher, watchedClient } from "./watched.ts";

/**
 * Waits for a transaction that was sent before a reload. If the node does not know it and its
 * sender's number was used up meanwhile, the wallet sent something else in its place.
 */
export async function findAgain(
  client: PublicClient,
  sender: Address,
  { hash, nonce }: Sent,
  watcher: Watcher,
): Promise<TransactionReceipt> {
  const known = await client.getTransaction({ hash }).catch(() => null);
  if (known === null && nonce !== null) {
    const next = await client.getTransactionCount({ address: sender });
    if (next > nonce) {
      const reason = "transaction_replaced";
      throw new CreditsError(CLIENT_REASONS[reason].meaning, { reason });
    }
  }
  return await waitForSuccess(watchedClient(client, watcher), hash);
}
