import { formatCredits } from "@compute-credits/protocol/amounts";

/** Credits in the reader's locale, exact, without trailing zeros. */
export function creditsText(micros: bigint): string {
  return localized(formatCredits(micros));
}

/** A decimal like "-1234.5" with the locale's separators. Exact for any length. */
export function localized(text: string): string {
  const [whole = "0", fraction] = text.replace("-", "").split(".");
  const sign = text.startsWith("-") ? "−" : "";
  const digits = new Intl.NumberFormat().format(BigInt(whole));
  return fraction === undefined ? sign + digits : `${sign}${digits}${separator()}${fraction}`;
}

function separator(): string {
  const parts = new Intl.NumberFormat().formatToParts(1.5);
  return parts.find(({ type }) => type === "decimal")?.value ?? ".";
}
