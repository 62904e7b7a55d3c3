import type { CounterCap } from "@compute-credits/rules/checkpoints/answerable";

/** A cap that the account's own key signed, and since when the log has it. */
export interface SignedCap extends CounterCap {
  readonly createdAt: Date;
}

/** An event of a counter, and in which block it was. */
export interface CounterFact {
  readonly blockNumber: bigint;
  readonly counter: bigint;
  /** when the counter before ended, or the cap that was recorded for this counter */
  readonly is: { readonly raisedAt: Date } | { readonly capMicros: bigint };
}

/** What decides how much of an account's spending a challenge could be answered for. */
export interface WriteOffFacts {
  readonly signed: readonly SignedCap[];
  readonly onChain: readonly CounterFact[];
}
