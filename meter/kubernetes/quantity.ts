/** Suffixes of Kubernetes' quantities, as powers of ten and of 1,024. */
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const QUANTITY = /^(\d{1,18})(?:\.(\d{1,18}))?(?:e(\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/;

/**
 * Reads a quantity such as `500m`, `1.5Gi` or `129e6` in thousand-millionths: a CPU is then 10⁹
 * nanoseconds in a second. Rounds down. Returns `null` for what is no quantity.
 */
export function nanosOf(quantity: string): bigint | null {
  const [, whole, fraction = "", exponent, suffix = ""] = QUANTITY.exec(quantity) ?? [];
  if (whole === undefined) return null;
  const digits = BigInt(`${whole}${fraction}`);
  const binary = BINARY.indexOf(suffix);
  if (binary >= 0) {
    return (digits * 1_024n ** BigInt(binary + 1) * 10n ** 9n) / 10n ** BigInt(fraction.length);
  }
  const power =
    9 - fraction.length + (exponent === undefined ? (DECIMAL[suffix] ?? 0) : Number(exponent));
  return power >= 0 ? digits * 10n ** BigInt(power) : digits / 10n ** BigInt(-power);
}

/** The same in whole units: bytes, or devices. Rounds down. */
export function wholeOf(quantity: string): bigint | null {
  const nanos = nanosOf(quantity);
  return nanos === null ? null : nanos / 10n ** 9n;
}
