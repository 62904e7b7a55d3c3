import { MAX_MICROS } from "../../../protocol/amounts.ts";
import { type PinnedRate, pricePinned } from "./pinnedRate.ts";
import { type RateCard, cardAt, matches, specificity } from "./rateCard.ts";

export type Price =
  | { readonly costMicros: bigint; readonly rateCardVersion: number }
  | { readonly refusal: PriceRefusal };

export type PriceRefusal =
  "no_rate_card_in_force" | "unknown_meter" | "no_matching_rate" | "quantity_too_large";

/** What is measured. */
export interface Measurement {
  readonly meter: string;
  /** whole units of the meter */
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
}

/**
 * The rate for a measurement: of the card in force when it occurred, the most specific that matches; pinned, so that it
 * can be kept.
 */
export function rateFor(
  cards: readonly RateCard[],
  measurement: Omit<Measurement, "quantity">,
): PinnedRate | { readonly refusal: PriceRefusal } {
  const card = cardAt(cards, measurement.occurredAt);
  if (card === null) return { refusal: "no_rate_card_in_force" };

  const ofMeter = card.rates.filter(({ meter }) => meter === measurement.meter);
  if (ofMeter.length === 0) return { refusal: "unknown_meter" };

  const [rate] = ofMeter
    .filter((candidate) => matches(candidate, measurement.dimensions))
    .toSorted((a, b) => specificity(b) - specificity(a));
  if (rate === undefined) return { refusal: "no_matching_rate" };

  const { microCredits, perUnits } = rate;
  return { rateCardVersion: card.version, microCredits, perUnits };
}

/** What a measurement costs. Rounds up, as `pricePinned`. */
export function price(cards: readonly RateCard[], measurement: Measurement): Price {
  const rate = rateFor(cards, measurement);
  if ("refusal" in rate) return rate;
  const costMicros = pricePinned(rate, measurement.quantity);
  if (costMicros > MAX_MICROS) return { refusal: "quantity_too_large" };
  return { costMicros, rateCardVersion: rate.rateCardVersion };
}

/**
 * The part of a charge that is the operator's.
 * Rounds down: the provider gains under one micro-credit, and the fees never exceed `feeBps` of what was spent (I2).
 */
export function feeOf(amountMicros: bigint, feeBps: bigint): bigint {
  return (amountMicros * feeBps) / BPS;
}

/** Basis points in one. */
const BPS = 10_000n;
