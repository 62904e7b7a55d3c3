/** When an account is topped up, and how far. */
export interface TopUpTerms {
  /** micro-credits that one top-up buys */
  readonly perTopUpMicros: bigint;
  /** topping up begins when the available credits are below */
  readonly belowMicros: bigint;
  /** or when they last shorter, in seconds at the last day's burn; `null`: that does not count */
  readonly runwayBelowSeconds: bigint | null;
  /** it goes on while one more top-up stays within */
  readonly targetMicros: bigint;
}

export interface TopUpNeed {
  /** may be negative */
  readonly availableMicros: bigint;
  /** `null`: they last */
  readonly secondsToZero: bigint | null;
  /** whether topping up has begun and has not reached the target */
  readonly isFilling: boolean;
}

/**
 * Decides whether one more top-up is due, and whether topping up goes on. It never leads above the
 * target: without room below it nothing is bought, however short the runway is.
 */
export function decideTopUp(
  { perTopUpMicros, belowMicros, runwayBelowSeconds, targetMicros }: TopUpTerms,
  { availableMicros, secondsToZero, isFilling }: TopUpNeed,
): { readonly isDue: boolean; readonly isFilling: boolean } {
  const isShort =
    runwayBelowSeconds !== null && secondsToZero !== null && secondsToZero < runwayBelowSeconds;
  const begins = availableMicros < belowMicros || isShort;
  const hasRoom = availableMicros + perTopUpMicros <= targetMicros;
  const isDue = (isFilling || begins) && hasRoom;
  return { isDue, isFilling: isDue };
}
