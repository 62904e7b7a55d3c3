import type { Hex } from "viem";

/** Who said that an account may pay for a spender, or may no longer. */
export type AcceptanceProof =
  /** the holder of the spender's API key, who sent the key */
  | { readonly how: "key" }
  /** the spending wallet, by a signed message */
  | { readonly how: "wallet"; readonly signature: Hex; readonly signedAt: bigint }
  /** nobody had to: the spender is the account's own wallet */
  | { readonly how: "own" }
  /** nobody had to: the operator named the account as an issuer */
  | { readonly how: "issuer" };

/** What is known of a (spender, account) pair. */
export interface AcceptanceState {
  readonly accepted: boolean;
  /** of the newest message of a wallet, in milliseconds since 1970; 0 without any */
  readonly signedAt: bigint;
  /** how often it was accepted, ended or signed again */
  readonly changes: number;
}

export type AcceptanceRefusal =
  | { readonly reason: "acceptance_not_found" }
  /** the wallet has signed a later message, or this one was used before it */
  | { readonly reason: "acceptance_outdated"; readonly signedAt: bigint }
  | { readonly reason: "acceptance_in_future"; readonly now: Date }
  | { readonly reason: "too_many_changes"; readonly limit: number };

/** A wallet's clock may be ahead by this much. */
const CLOCK_SKEW_MS = 300_000n;

/** Acceptances of one pair. Each leaves an entry in the log. An end is always possible. */
export const MAX_ACCEPTANCE_CHANGES = 1_000;

/**
 * Decides a change: the new state, `unchanged`, or a refusal. A wallet's message counts only if it
 * is later than all before it, so that an old acceptance cannot be sent again after its end. What
 * counts without a word of the spender never brings back what the spender has ended.
 */
export function decideAcceptance(
  before: AcceptanceState | null,
  { accepted, proof }: { readonly accepted: boolean; readonly proof: AcceptanceProof },
  now: Date,
): AcceptanceState | "unchanged" | AcceptanceRefusal {
  if (before === null && !accepted) return { reason: "acceptance_not_found" };
  const { how } = proof;
  const isImplied = how === "own" || how === "issuer";
  if (isImplied && before !== null) return "unchanged";
  const isSame = before?.accepted === accepted;
  const last = before?.signedAt ?? 0n;
  if (how === "wallet") {
    if (isSame && proof.signedAt === last) return "unchanged";
    if (proof.signedAt <= last) return { reason: "acceptance_outdated", signedAt: last };
    if (proof.signedAt > BigInt(now.getTime()) + CLOCK_SKEW_MS) {
      return { reason: "acceptance_in_future", now };
    }
  } else if (isSame) return "unchanged";

  const changes = (before?.changes ?? 0) + 1;
  // An acceptance and its end are two changes, so the end of the last one still fits.
  if (changes > 2 * MAX_ACCEPTANCE_CHANGES && (accepted || isSame)) {
    return { reason: "too_many_changes", limit: MAX_ACCEPTANCE_CHANGES };
  }
  return { accepted, signedAt: how === "wallet" ? proof.signedAt : last, changes };
}
