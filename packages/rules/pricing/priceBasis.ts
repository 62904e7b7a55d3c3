import { type PinnedRate, type TierUse, pricePinnedPart } from "./pinnedRate.ts";
import type { FoundRate } from "./rateIndex.ts";

/**
 * The inputs of a debit's price besides card, rate and quantity. Stored with the debit, so that
 * anyone can recompute the price and a void can return the units of a tiered rate. `null` if the
 * price has no other input.
 */
export type PriceBasis = StoredPriceFacts | null;

interface StoredPriceFacts {
  /** for a dynamic rate */
  readonly multiplierBps?: bigint | undefined;
  /** for a tiered rate: earlier usage; for `volume` also the tier, which a hold fixes in advance */
  readonly usedUnits?: bigint | undefined;
  readonly use?: TierUse | undefined;
  readonly tier?: number | undefined;
  /** for a later capture of a hold: the units captured before it */
  readonly capturedUnits?: bigint | undefined;
}

/** The price basis to store with a debit. `capturedUnits` are those captured earlier. */
export function priceBasisOf(pinned: PinnedRate, capturedUnits = 0n): PriceBasis {
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

/**
 * Recomputes a debit's cost in micro-credits from its rate and stored basis, with the rounding of
 * `pricePinned`. Throws if the basis lacks an input that the rate needs.
 */
export function recomputePrice(
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
  throw new Error(`the debit's price basis lacks an input of the rate ${key}`);
}
