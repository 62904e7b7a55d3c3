/**
 * Marks an allowance's `period` as calendar months: it is then 2^63 plus a number of months. Up to
 * 2^63 a period is seconds; 0 = no renewal. The contract accepts any number here, and no one needs
 * periods of 292 billion years.
 */
const MONTHS = 2n ** 63n;

/** The longest period: a hundred years. */
export const MAX_PERIOD_MONTHS = 1_200;

/**
 * The `period` of an allowance that renews every `months` calendar months. Throws a `RangeError`
 * unless `months` is a whole number from 1 to `MAX_PERIOD_MONTHS`.
 */
export function calendarMonths(months: number): bigint {
  if (!Number.isInteger(months) || months < 1 || months > MAX_PERIOD_MONTHS) {
    throw new RangeError(`a period has 1 to ${MAX_PERIOD_MONTHS} months, not ${months}`);
  }
  return MONTHS + BigInt(months);
}

/** The calendar months of a `period`, or `null` if it is in seconds. */
export function monthsOf(period: bigint): number | null {
  const months = period - MONTHS;
  return months > 0n && months <= BigInt(MAX_PERIOD_MONTHS) ? Number(months) : null;
}
