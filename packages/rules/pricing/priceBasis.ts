import { type PinnedRate, type TierUse, pricePinnedPart } from "./pinnedRate.ts";
import type { FoundRate } from "./rateIndex.ts";

/**
 * What the price of a debit depended on, besides its card, rate and quantity. Kept with the debit, so that anyone can
 * price it again, and that what it used of a tiered rate can be given back. `null` where there is nothing besides.
 */
export type PriceBasis = PriceFactsKept | null;

interface PriceFactsKept {
  /** of a dynamic rate */
  readonly multiplierBps?: bigint | undefined;
  /** of a tiered rate: what was used before, of what; and for `volume` the tier, which a hold chooses in advance */
  readonly usedUnits?: bigint | undefined;
  readonly use?: TierUse | undefined;
  readonly tier?: number | undefined;
  /** of a capture that was not the first of its hold: the units captured before */
  readonly capturedUnits?: bigint | undefined;
}

export function basisOf(pinned: PinnedRate, capturedUnits = 0n): PriceBasis {
  const captured = capturedUnits === 0n ? {} : { capturedUnits };
  switch (pinned.kind) {
    case "fixed":
      return capturedUnits === 0n ? null : captured;
    case "dynamic":
      return { multiplierBps: pinned.multiplierBps, ...captured };
    case "graduated":
      return { usedUnits: pinned.usedUnits, use: pinned.use, ...captured };
    case "volume":
      return { usedUnits: pinned.usedUnits, use: pinned.use, tier: pinned.tier, ...captured };
    default:
      return pinned satisfies never;
  }
}

/** What a debit costs, from the rate that its card has and what was kept with it. Throws where they don't go together. */
export function priceAgain(
  { card, rate, key }: FoundRate,
  basis: PriceBasis,
  quantity: bigint,
): bigint {
  const { multiplierBps, usedUnits, use, tier, capturedUnits = 0n } = basis ?? {};
  const { perUnits } = rate;
  const rateCardVersion = card.version;
  const price = (pinned: PinnedRate) =>
    pricePinnedPart(pinned, { usedUnits: capturedUnits, quantity });

  switch (rate.kind) {
    case undefined:
    case "fixed":
      return price({ kind: "fixed", rateCardVersion, microCredits: rate.microCredits, perUnits });
    case "dynamic": {
      if (multiplierBps === undefined) break;
      const { microCredits } = rate;
      return price({ kind: "dynamic", rateCardVersion, microCredits, perUnits, multiplierBps });
    }
    case "graduated":
      if (usedUnits === undefined || use === undefined) break;
      return price({
        kind: "graduated",
        rateCardVersion,
        perUnits,
        tiers: rate.tiers,
        usedUnits,
        use,
      });
    case "volume": {
      const microCredits = tier === undefined ? undefined : rate.tiers[tier]?.microCredits;
      if (microCredits === undefined) break;
      return price({ kind: "fixed", rateCardVersion, microCredits, perUnits });
    }
    default:
      return rate satisfies never;
  }
  throw new Error(`the debit lacks what a price of ${key} depends on`);
}
