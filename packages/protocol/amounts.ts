/** One credit in micro-credits, the unit of every amount in this project. */
export const MICROS_PER_CREDIT = 1_000_000n;

/** The largest value of PostgreSQL's `bigint`. The contract keeps total purchases below it. */
export const MAX_MICROS = 2n ** 63n - 1n;

/** Formats micro-credits as credits: `12_500_000n` gives "12.5". Exact, without trailing zeros. */
export function formatCredits(amountMicros: bigint): string {
  const sign = amountMicros < 0n ? "-" : "";
  const magnitude = amountMicros < 0n ? -amountMicros : amountMicros;
  const whole = magnitude / MICROS_PER_CREDIT;
  const fraction = (magnitude % MICROS_PER_CREDIT).toString().padStart(6, "0").replace(/0+$/, "");
  return fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/**
 * Parses credits into micro-credits: "12.5" gives `12_500_000n`. Throws a `RangeError` for
 * anything but digits with at most six decimals, so that nothing is rounded silently.
 */
export function parseCredits(text: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null) {
    throw new RangeError(
      `"${text}" is not an amount of credits: write digits, with at most six decimals`,
    );
  }
  const [, whole = "0", fraction = ""] = match;
  return BigInt(whole) * MICROS_PER_CREDIT + BigInt(fraction.padEnd(6, "0"));
}

/** The smaller of two amounts; `Math.min` takes no `bigint`. */
export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The larger of two amounts. */
export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
