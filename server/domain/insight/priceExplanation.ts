import { rateFor } from "../rates/price.ts";
import { pricePinned } from "../rates/pinnedRate.ts";
import { type Rate, type RateCard, matches, specificity } from "../rates/rateCard.ts";
import type { Measurement } from "../rates/price.ts";

/** How a cost came about, so that a reader can do the sum again. */
export interface PriceExplanation {
  readonly rateCardVersion: number;
  readonly effectiveFrom: Date;
  /** the very rate that matched */
  readonly rate: Rate;
  /** the sum with its numbers */
  readonly formula: string;
  readonly rounding: "up, once, at the end: the payer loses under one micro-credit per event";
  readonly costMicros: bigint;
}

/** Prices a debit again by the card that it names. `null` where that card has no rate for it: the log and the cards disagree. */
export function explainPrice(card: RateCard, measurement: Measurement): PriceExplanation | null {
  const pinned = rateFor([card], measurement);
  if ("refusal" in pinned) return null;
  const { quantity } = measurement;
  const [rate] = card.rates
    .filter(({ meter }) => meter === measurement.meter)
    .filter((candidate) => matches(candidate, measurement.dimensions))
    .toSorted((a, b) => specificity(b) - specificity(a));
  if (rate === undefined) return null;

  const costMicros = pricePinned(pinned, quantity);
  return {
    rateCardVersion: card.version,
    effectiveFrom: card.effectiveFrom,
    rate,
    formula: `ceil(${quantity} × ${pinned.microCredits} ÷ ${pinned.perUnits}) = ${costMicros}`,
    rounding: "up, once, at the end: the payer loses under one micro-credit per event",
    costMicros,
  };
}
