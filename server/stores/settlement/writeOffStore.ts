import type { Address } from "viem";

/** The times by which the court accepts a counter's cap. */
export interface CoverageTerms {
  readonly counterGraceSeconds: number;
}

/** An account that has spent more than any table could prove to the court. */
export interface UncoveredSpending {
  readonly account: Address;
  /** micro-credits beyond what the final row and the caps in force answer for */
  readonly uncoveredMicros: bigint;
}

export interface WriteOffResult {
  /** what the payer took over now */
  readonly writtenOff: readonly UncoveredSpending[];
  /** what remains in the rows, because the payer has too little */
  readonly left: readonly UncoveredSpending[];
}

/** An event that may still be voided, unless a receipt counts it. */
export interface VoidableEvent {
  readonly provider: Address;
  readonly id: string;
  /** the account's part of its cost */
  readonly amountMicros: bigint;
}

/** Spending that must become final before the caps that cover it lose their force. */
export interface ExpiringCoverage {
  readonly account: Address;
  /** micro-credits that are in no final table */
  readonly openMicros: bigint;
  readonly graceEndsAt: Date;
}

/** Takes spending that no challenge to it could be answered for out of later rows. */
export interface WriteOffStore {
  /**
   * Moves all uncovered spending to `payer`, the smallest amounts first, as far as its credits and
   * its own caps go. Call it before a cut. Does nothing to accounts if `payer` is `null`. Takes no
   * lock if there is nothing to move.
   */
  writeOff(payer: Address | null, terms: CoverageTerms): Promise<WriteOffResult>;
  /** Lists the account's events that no counting checkpoint holds, newest first. */
  voidableEvents(account: Address, limit: number): Promise<readonly VoidableEvent[]>;
  /**
   * Lists accounts with spending in no final table whose grace has `withinSeconds` left or less,
   * the most urgent first. Those that a newer cap covers are left out.
   */
  expiringCoverage(
    terms: CoverageTerms & { withinSeconds: number; limit: number },
  ): Promise<readonly ExpiringCoverage[]>;
  /**
   * Whether a checkpoint that is not on chain yet has a row whose cap has lost its force since the
   * cut. Nobody could answer a challenge to that row.
   */
  hasLostCover(checkpoint: bigint, terms: CoverageTerms): Promise<boolean>;
}
