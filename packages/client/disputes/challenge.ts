import type { Address, TransactionReceipt } from "viem";

import { createCourt } from "../chain/court.ts";
import { type WalletConnection, senderOf } from "../chain/transact.ts";
import { CLIENT_REASONS } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import type { Api } from "../http/api.ts";
import { type SignedCopies, memoryCopies } from "../wallet/copies.ts";
import { readPending } from "./readPending.ts";
import { signedCaps } from "./signedCaps.ts";

/** What was challenged: a row that charges too much, or that a row is gone. */
export interface Challenged {
  readonly kind: "row" | "omission";
  readonly receipt: TransactionReceipt;
}

/**
 * Challenges the pending checkpoint for an account's row, with the court's stake from the wallet:
 * for charging more than was signed for, or for lacking the row of the last final checkpoint. Reads
 * the published table, and trusts none of it. Anyone may challenge for any account.
 *
 * Rejects before anything is staked: with `row_is_covered` if a recorded cap, a kept copy, the
 * server's cap proof or the final row covers the charge, and with `nothing_to_challenge` if there is
 * no such row. After the answer window, `court.dropUnanswered` drops the checkpoint, and the stake
 * comes back.
 */
export async function challenge(
  connection: WalletConnection,
  api: Api,
  {
    account = senderOf(connection.wallet).account.address,
    copies = memoryCopies,
  }: {
    /** the wallet itself, if absent */
    readonly account?: Address;
    /** of what the account's owner signed */
    readonly copies?: SignedCopies;
  } = {},
): Promise<Challenged> {
  const [court, { shown, final }] = await Promise.all([
    createCourt(connection),
    readPending(connection, api, account),
  ]);
  if (shown === null) {
    if (final === null) {
      const reason = "nothing_to_challenge";
      throw new CreditsError(CLIENT_REASONS[reason].meaning, { reason });
    }
    return { kind: "omission", receipt: await court.challengeOmission(final) };
  }
  const { spent } = shown.row;
  const on = { ...connection, court: court.address };
  const caps = await signedCaps(on, api, { account, copies });
  const covered = [final?.row.spent ?? 0n, ...caps.map(({ capMicros }) => capMicros)];
  if (covered.some((micros) => micros >= spent)) {
    const reason = "row_is_covered";
    throw new CreditsError(CLIENT_REASONS[reason].meaning, { reason });
  }
  return { kind: "row", receipt: await court.challengeRow(shown) };
}
