import type { Address } from "viem";

import type { Rate } from "./rate.ts";

/**
 * Identifies a rate across card versions, so that its monthly usage and multiplier survive a price
 * change. Example: `operator:llm.tokens;kind=input`, or a provider's address before the colon.
 * Dimension values are percent-encoded, so that the key fits in a URL segment.
 */
export function rateKey(
  publisher: Address | null,
  { meter, dimensions }: Pick<Rate, "meter" | "dimensions">,
): string {
  const required = Object.entries(dimensions)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `;${name}=${encodeURIComponent(value)}`);
  return `${publisher ?? "operator"}:${meter}${required.join("")}`;
}
