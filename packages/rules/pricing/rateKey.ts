import type { Address } from "viem";

import type { Rate } from "./rate.ts";

/**
 * Names a rate across the versions of its card: what was used of it in a month, and how its multiplier moved, goes on
 * when its publisher changes the price. `operator:llm.tokens;kind=input`, or a provider's address before the colon.
 * Fits a segment of a URL as it is, but for dimension values with characters that are percent-encoded in it.
 */
export function rateKey(
  publisher: Address | null,
  { meter, dimensions }: Pick<Rate, "meter" | "dimensions">,
): string {
  const asked = Object.entries(dimensions)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `;${name}=${encodeURIComponent(value)}`);
  return `${publisher ?? "operator"}:${meter}${asked.join("")}`;
}
