import type { Address, TransactionReceipt } from "viem";

import { createCourt } from "../chain/court.ts";
import type { WalletConnection } from "../chain/transact.ts";
import { CLIENT_REASONS } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import type { Api } from "../http/api.ts";
import { type SignedCopies, memoryCopies } from "../wallet/copies.ts";
import { readPending } from "./readPending.ts";
import { signedCaps } from "./signedCaps.ts";

/**
 * Answers a challenge to an account's row of the pending checkpoint, and earns half of the stake.
 * Anyone may: an answer without the operator keeps an honest checkpoint from being dropped. Shows
 * the final row if that covers the charge; otherwise a cap, which it records first if the court has
 * a lower one. Rejects with `no_cap_covers` if neither does, and with `contract_reverted` if no such
 * challenge is open or it is too late.
 */
export async function answerChallenge(
  connection: WalletConnection,
  api: Api,
  {
    account,
    challenger,
    copies = memoryCopies,
  }: {
    readonly account: Address;
    readonly challenger: Address;
    /** of what the account's owner signed */
    readonly copies?: SignedCopies;
  },
): Promise<TransactionReceipt> {
  const [court, { shown, final }] = await Promise.all([
    createCourt(connection),
    readPending(connection, api, account),
  ]);
  if (shown !== null) {
    const { spent } = shown.row;
    if (final !== null && final.row.spent >= spent) {
      return await court.answerWithFinalRow(challenger, shown, final);
    }
    const on = { ...connection, court: court.address };
    const caps = await signedCaps(on, api, { account, copies });
    const cap = caps.find(({ capMicros }) => capMicros >= spent);
    if (cap !== undefined) {
      if (cap.signed !== null) await court.recordCap(cap.signed);
      return await court.answer(challenger, shown, cap.counter);
    }
  }
  const reason = "no_cap_covers";
  throw new CreditsError(CLIENT_REASONS[reason].meaning, { reason });
}
