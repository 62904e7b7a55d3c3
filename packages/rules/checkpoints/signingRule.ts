import type { Hex } from "viem";

/** A checkpoint that a key has signed, as the key's journal keeps it. */
export interface SignedCheckpoint {
  readonly epoch: bigint;
  /** of the checkpoint, in seconds since 1970 */
  readonly asOf: bigint;
  /** the EIP-712 digest; `null` if the key may have signed anything up to here */
  readonly digest: Hex | null;
  readonly root: Hex | null;
}

/** Why a key may sign a second checkpoint for an epoch. */
export type SigningExcuse = "dropped" | "signers_changed" | "released";

/** What the chain and the operator say about two checkpoints of one epoch. */
export interface SigningEvidence {
  /** the chain dropped an attempt at the epoch from the last `asOf` on and before the next */
  readonly isDroppedBetween: boolean;
  /** when the present signers took over, in seconds since 1970 */
  readonly signersSince: bigint;
  /** an operator ordered that the epoch be signed once more */
  readonly isReleased: boolean;
}

export type SigningDecision =
  /** the same checkpoint as before: its signature proves nothing new */
  | { readonly result: "signed_before" }
  | { readonly result: "allowed"; readonly excuse: SigningExcuse | null }
  | { readonly result: "refused"; readonly reason: "epoch_passed" | "another_checkpoint" };

/**
 * Decides whether a key may sign `next` after `last`, so that no two of its signatures prove an
 * equivocation. The court's pair is two digests for one epoch, both dated after the present signers
 * took over, without a drop of the epoch between their dates. Source: `Bond.sol`. By induction each
 * earlier signature is excused too, because dates only grow here.
 */
export function decideSigning(
  last: SignedCheckpoint,
  next: SignedCheckpoint,
  { isDroppedBetween, signersSince, isReleased }: SigningEvidence,
): SigningDecision {
  if (next.digest !== null && next.digest === last.digest) return { result: "signed_before" };
  if (next.epoch > last.epoch) return { result: "allowed", excuse: null };
  if (next.epoch < last.epoch) return { result: "refused", reason: "epoch_passed" };
  const isLater = next.asOf > last.asOf;
  if (isLater && isDroppedBetween) return { result: "allowed", excuse: "dropped" };
  if (last.asOf <= signersSince && next.asOf > signersSince) {
    return { result: "allowed", excuse: "signers_changed" };
  }
  if (isReleased) return { result: "allowed", excuse: "released" };
  return { result: "refused", reason: "another_checkpoint" };
}
