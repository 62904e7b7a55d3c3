import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";

/** The operator's part of every charge, from a moment on. */
export interface FeeTerm {
  readonly feeBps: bigint;
  /** `null` for the first */
  readonly from: Date | null;
}

/** What a stretch of the log is replayed by, besides the auditState. */
export interface ReplayTerms {
  /** the cut that is being checked */
  readonly cut: bigint;
  readonly fees: readonly FeeTerm[];
  /** nothing of this cut can have been recorded before; `null` for the first */
  readonly notBefore: Date | null;
  readonly maxQuoteSeconds: number;
  /** the auditor's own reading of the chain: the events of the blocks, both ends included */
  readonly chainEvents: (from: bigint, to: bigint) => readonly ChainEvent[];
  /** whether a cut counts: its checkpoint was not dropped */
  readonly counts: (cut: bigint) => boolean;
  /** what was found invalid of the signatures in this stretch, by `signatureName` */
  readonly forged: ReadonlySet<string>;
}

export function feeBpsAt(fees: readonly FeeTerm[], at: Date): bigint {
  return fees.findLast(({ from }) => from === null || from <= at)?.feeBps ?? 0n;
}

/**
 * How long something may be there without every server having seen it: an allowance, an access or a card that was written
 * while a debit was being decided is not under the locks of that debit, so either order is honest.
 */
export const UNSEEN_MS = 5_000;
