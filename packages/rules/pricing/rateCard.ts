import type { Address } from "viem";

import { type Rate, specificity } from "./rate.ts";

/** One version of a publisher's prices. Immutable: changes are published as a new version. */
export interface RateCard {
  /** unique among all cards of the ledger; debits refer to a card by it */
  readonly version: number;
  /** the publisher; missing or `null` for the operator, whose card applies to all providers */
  readonly provider?: Address | null;
  readonly effectiveFrom: Date;
  readonly rates: readonly Rate[];
}

/**
 * Finds two equally specific rates that can match the same event. Such a card is rejected, so that
 * a price never depends on the order of rates.
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
