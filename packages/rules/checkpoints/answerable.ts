/** A cap that an account's owner signed for one counter, in micro-credits. */
export interface CounterCap {
  readonly counter: bigint;
  readonly capMicros: bigint;
}

/** An account's spending and what could answer a challenge to it. */
export interface Coverage {
  /** of the account's row in the last final table; 0 without one */
  readonly finalSpent: bigint;
  readonly currentCounter: bigint;
  /** when each counter ended on chain; a counter without a time has not ended */
  readonly endedAt: ReadonlyMap<bigint, Date>;
  readonly caps: readonly CounterCap[];
}

/**
 * The highest spending that the court accepts in a table submitted at `submittedAt`: the final
 * row's, or the highest cap of a counter in force or in its grace. Source: `Challenges.sol`.
 */
export function answerableSpent(
  { finalSpent, currentCounter, endedAt, caps }: Coverage,
  { submittedAt, graceSeconds }: { submittedAt: Date; graceSeconds: number },
): bigint {
  return caps.reduce((highest, { counter, capMicros }) => {
    const ended = endedAt.get(counter);
    const isInForce =
      counter === currentCounter ||
      (counter < currentCounter &&
        ended !== undefined &&
        submittedAt.getTime() <= ended.getTime() + graceSeconds * 1000);
    return isInForce && capMicros > highest ? capMicros : highest;
  }, finalSpent);
}

/**
 * How long before the end of a grace spending counts as no longer covered, in seconds: the table
 * that is cut now is submitted some time later. A tenth of the grace, at most a quarter of an hour.
 */
export function submissionMarginSeconds(graceSeconds: number): number {
  return Math.min(900, Math.floor(graceSeconds / 10));
}
