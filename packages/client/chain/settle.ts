import type { Address, TransactionReceipt } from "viem";

import { type ProvenRow, readProof } from "../accounts/readProof.ts";
import type { Api } from "../http/api.ts";
import { settleRow } from "./credits.ts";
import { type WalletConnection, senderOf } from "./transact.ts";

/**
 * Settles a party's row of the last final checkpoint with the proof that a server gives: pays its
 * earnings and refunds, and burns what it spent. Anyone may settle any party's. The contract checks
 * the proof, so the server is not trusted. Rejects with `row_not_found` before the party's first
 * final checkpoint.
 */
export async function settle(
  connection: WalletConnection,
  api: Api,
  {
    party = senderOf(connection.wallet).account.address,
  }: {
    /** the wallet itself, if absent */
    readonly party?: Address;
  } = {},
): Promise<{ readonly receipt: TransactionReceipt; readonly settled: ProvenRow }> {
  const settled = await readProof(api, { party });
  return { receipt: await settleRow(connection, settled), settled };
}
