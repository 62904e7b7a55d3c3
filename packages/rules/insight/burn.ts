/** The credits spent in a time window that ends now. */
export interface Burn {
  readonly windowSeconds: bigint;
  readonly spentMicros: bigint;
}

export const HOUR_SECONDS = 3_600n;
export const DAY_SECONDS = 86_400n;

/** The windows that the ledger reports. Each counts in full, even for a younger account. */
export const BURN_WINDOWS: readonly bigint[] = [HOUR_SECONDS, DAY_SECONDS, 7n * DAY_SECONDS];

/**
 * The burn rate for display, rounded down to a micro-credit per hour. Calculations use the exact
 * fraction `spentMicros / windowSeconds` instead.
 */
export function burnMicrosPerHour({ spentMicros, windowSeconds }: Burn): bigint {
  return (spentMicros * HOUR_SECONDS) / windowSeconds;
}
