import type { Address } from "viem";

import type { Measurement } from "../pricing/price.ts";
import { type PriceBasis, priceAgain } from "../pricing/priceBasis.ts";
import type { Rate, Tier } from "../pricing/rate.ts";
import type { RateCard } from "../pricing/rateCard.ts";
import { findRate, indexRates } from "../pricing/rateIndex.ts";

/** How a cost came about, so that a reader can do the sum again. */
export interface PriceExplanation {
  readonly rateCardVersion: number;
  /** whose card it is; `null` for the operator's */
  readonly publisher: Address | null;
  readonly effectiveFrom: Date;
  /** the very rate that matched */
  readonly rate: Rate;
  /** what the price depended on besides: a multiplier, or what the month had used before; kept with the debit */
  readonly basis: PriceBasis;
  /** the sum with its numbers */
  readonly formula: string;
  readonly rounding: typeof ROUNDING;
  /** what the sum comes to: the same as what was charged */
  readonly costMicros: bigint;
}

const ROUNDING = "up, once, at the end: the payer loses under one micro-credit per event";

/**
 * Prices a debit again, by the card that it names and what was kept with it. `null` where they don't go together: then the
 * log says something else than the cards.
 */
export function explainPrice(
  card: RateCard,
  { provider, quantity, ...event }: Omit<Measurement, "occurredAt"> & { provider: Address },
  basis: PriceBasis,
): PriceExplanation | null {
  const found = findRate(indexRates([card]), { provider, ...event }, card.effectiveFrom);
  if (typeof found === "string") return null;
  const costMicros = priceAgain(found, basis, quantity);
  return {
    rateCardVersion: card.version,
    publisher: card.provider ?? null,
    effectiveFrom: card.effectiveFrom,
    rate: found.rate,
    basis,
    formula: `${formula(found.rate, basis, quantity)} = ${costMicros}`,
    rounding: ROUNDING,
    costMicros,
  };
}

/** A later capture of a hold costs what all captures so far cost together, less what those before it did. */
function formula(rate: Rate, basis: PriceBasis, quantity: bigint): string {
  const captured = basis?.capturedUnits ?? 0n;
  if (captured === 0n) return sum(rate, basis, quantity);
  return `${sum(rate, basis, captured + quantity)} − ${sum(rate, basis, captured)}`;
}

function sum(rate: Rate, basis: PriceBasis, quantity: bigint): string {
  const { perUnits } = rate;
  switch (rate.kind) {
    case undefined:
    case "fixed":
      return `ceil(${quantity} × ${rate.microCredits} ÷ ${perUnits})`;
    case "dynamic":
      return `ceil(${quantity} × ${rate.microCredits} × ${basis?.multiplierBps ?? 0n} ÷ (${perUnits} × 10000))`;
    case "volume":
      return `ceil(${quantity} × ${rate.tiers[basis?.tier ?? 0]?.microCredits ?? 0n} ÷ ${perUnits})`;
    case "graduated": {
      const parts = tierParts(rate.tiers, basis?.usedUnits ?? 0n, quantity);
      return `ceil((${parts.length === 0 ? "0" : parts.join(" + ")}) ÷ ${perUnits})`;
    }
    default:
      return rate satisfies never;
  }
}

/** Which units after those used before fall in which tier. */
function tierParts(tiers: readonly Tier[], usedUnits: bigint, quantity: bigint): string[] {
  const end = usedUnits + quantity;
  const parts: string[] = [];
  let from = usedUnits;
  for (const { upTo, microCredits } of tiers) {
    const to = upTo === null || end < upTo ? end : upTo;
    if (to <= from) continue;
    parts.push(`${to - from} × ${microCredits}`);
    from = to;
  }
  return parts;
}
