/** One credit, in the unit that every amount of this project is kept in: micro-credits. */
export const MICROS_PER_CREDIT = 1_000_000n;

/** The largest amount that fits PostgreSQL's `bigint`; the contract keeps the total of all purchases under it. */
export const MAX_MICROS = 2n ** 63n - 1n;

/** "12.5" for 12_500_000n: exact, without trailing zeros. */
export function formatCredits(amountMicros: bigint): string {
  const sign = amountMicros < 0n ? "-" : "";
  const magnitude = amountMicros < 0n ? -amountMicros : amountMicros;
  const whole = magnitude / MICROS_PER_CREDIT;
  const fraction = (magnitude % MICROS_PER_CREDIT).toString().padStart(6, "0").replace(/0+$/, "");
  return fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/** 12_500_000n for "12.5". Throws where the text has more than six decimals: nothing is rounded silently. */
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
