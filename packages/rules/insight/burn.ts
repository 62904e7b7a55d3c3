/** What was spent in a window of time that ends now. */
export interface Burn {
  readonly windowSeconds: bigint;
  readonly spentMicros: bigint;
}

export const HOUR_SECONDS = 3_600n;
export const DAY_SECONDS = 86_400n;

/** The windows that burn is told for. The whole window counts, however young the account is. */
export const BURN_WINDOWS: readonly bigint[] = [HOUR_SECONDS, DAY_SECONDS, 7n * DAY_SECONDS];

/**
 * Rounds down, for showing: it is under one micro-credit an hour short. What is reckoned with it goes by the exact fraction,
 * `spentMicros / windowSeconds`.
 */
export function burnMicrosPerHour({ spentMicros, windowSeconds }: Burn): bigint {
  return (spentMicros * HOUR_SECONDS) / windowSeconds;
}
