/**
 * How an allowance's `period` is read. Up to 2^63 it is seconds, and 0 = the limit is given once. Above, it is 2^63 plus a
 * number of calendar months: the contract takes any number here, and nobody means 292 billion years.
 */
const MONTHS = 2n ** 63n;

/** A hundred years. */
export const MAX_PERIOD_MONTHS = 1_200;

/** The `period` of an allowance that is renewed every so many calendar months. */
export function calendarMonths(months: number): bigint {
  if (!Number.isInteger(months) || months < 1 || months > MAX_PERIOD_MONTHS) {
    throw new RangeError(`a period has 1 to ${MAX_PERIOD_MONTHS} months, not ${months}`);
  }
  return MONTHS + BigInt(months);
}

/** The calendar months of a `period`; `null` where it is seconds. */
export function monthsOf(period: bigint): number | null {
  const months = period - MONTHS;
  return months > 0n && months <= BigInt(MAX_PERIOD_MONTHS) ? Number(months) : null;
}
