import { type PriceBasis, priceBasisOf } from "../pricing/priceBasis.ts";
import type { LotUse } from "./resolve.ts";

/**
 * The price basis of a capture. Units that were all reserved with the hold have the basis of their
 * one rate. Others name their lots: each has its rate's card, and credits that a void gives back to
 * the period in which they were taken.
 */
export function captureBasis(uses: readonly LotUse[], holdCreatedAt: Date): PriceBasis {
  const [only] = uses;
  if (
    only !== undefined &&
    uses.length === 1 &&
    only.lot.heldAt.getTime() === holdCreatedAt.getTime()
  ) {
    return priceBasisOf(only.lot.rate, only.lot.capturedQuantity);
  }
  return {
    lots: uses.map(({ lot, quantity, charges }) => ({
      units: quantity,
      charges: charges.length,
      rateCardVersion: lot.rate.rateCardVersion,
      heldAt: lot.heldAt,
      basis: priceBasisOf(lot.rate, lot.capturedQuantity),
    })),
  };
}
