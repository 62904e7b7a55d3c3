import { BaseError, UserRejectedRequestError, type WalletClient } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { CLIENT_REASONS } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import type { SignedCopies } from "./copies.ts";

/** A wallet that signs, and the contract that its signatures are bound to. */
export interface Signing {
  readonly wallet: WalletClient;
  readonly deployment: Deployment;
  /** keeps a copy of each message before it leaves; `memoryCopies`, if absent */
  readonly copies?: SignedCopies;
}

/**
 * Asks a wallet for a signature. Rejects with a `CreditsError`: `wallet_declined` if its user does
 * not want to, and `wallet_failed` if it cannot.
 */
export async function askWallet<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof CreditsError) throw cause;
    const text = cause instanceof BaseError ? cause.shortMessage : String(cause);
    const isDeclined =
      cause instanceof BaseError &&
      cause.walk((one) => one instanceof UserRejectedRequestError) !== null;
    const reason = isDeclined ? "wallet_declined" : "wallet_failed";
    throw new CreditsError(`${CLIENT_REASONS[reason].meaning} ${text}`, { reason, cause });
  }
}
