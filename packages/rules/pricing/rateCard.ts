import type { Address } from "viem";

import { type Rate, specificity } from "./rate.ts";

/** A version of somebody's prices. Never changed: another version follows it. */
export interface RateCard {
  /** unique among all cards of the ledger: a debit names the card that priced it by this alone */
  readonly version: number;
  /** whose prices these are; left out, or `null`, for the operator's, which are everybody's */
  readonly provider?: Address | null;
  readonly effectiveFrom: Date;
  readonly rates: readonly Rate[];
}

/**
 * Two rates between which some event could not choose: equally specific, and an event may match both.
 * A card with such a pair is refused, so that a price never depends on the order in a file.
 */
export function ambiguousPair(rates: readonly Rate[]): readonly [Rate, Rate] | null {
  for (const [i, first] of rates.entries()) {
    for (const second of rates.slice(i + 1)) {
      if (first.meter !== second.meter || specificity(first) !== specificity(second)) continue;
      const contradict = Object.entries(first.dimensions).some(
        ([name, value]) =>
          Object.hasOwn(second.dimensions, name) && second.dimensions[name] !== value,
      );
      if (!contradict) return [first, second];
    }
  }
  return null;
}
