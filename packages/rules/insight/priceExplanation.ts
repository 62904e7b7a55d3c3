import type { Address } from "viem";

import type { Measurement } from "../pricing/price.ts";
import { type PriceBasis, type StoredShare, recomputePrice } from "../pricing/priceBasis.ts";
import type { Rate, Tier } from "../pricing/rate.ts";
import type { RateCard } from "../pricing/rateCard.ts";
import { type FoundRate, findRate, indexRates } from "../pricing/rateIndex.ts";
import { UnpaidShare } from "../pricing/unpaidShare.ts";

/** How a cost was computed, so that a reader can repeat the sum. */
export interface PriceExplanation {
  readonly rateCardVersion: number;
  /** the card's provider; `null` for the operator */
  readonly publisher: Address | null;
  readonly effectiveFrom: Date;
  /** the rate that matched */
  readonly rate: Rate;
  /** the other inputs, stored with the debit: the multiplier, or each payer's earlier usage */
  readonly basis: PriceBasis;
  /** the sum with its numbers and result */
  readonly formula: string;
  readonly rounding: typeof ROUNDING;
  /** the result, equal to the amount charged */
  readonly costMicros: bigint;
}

const ROUNDING =
  "up, at the end, once per event and payer: a payer loses under one micro-credit, " +
  "or under two if accounts share a tiered price";

/** Work that was charged, and at which card's rate. */
type ChargedWork = Omit<Measurement, "occurredAt"> & {
  readonly provider: Address;
  readonly rateCardVersion: number;
};

/**
 * Recomputes a debit's price from its cards, by version, and its stored price basis. `null` if a
 * card has no matching rate: then the log contradicts the cards. Throws if the basis lacks what a
 * rate needs. Of units that were reserved at several times, `rate` and its card are the first's.
 */
export function explainPrice(
  cards: ReadonlyMap<number, RateCard>,
  { provider, quantity, rateCardVersion, ...event }: ChargedWork,
  basis: PriceBasis,
): PriceExplanation | null {
  const lots = basis?.lots ?? [{ units: quantity, rateCardVersion, basis }];
  const sums: string[] = [];
  let costMicros = 0n;
  let first: FoundRate | null = null;
  for (const lot of lots) {
    const card = cards.get(lot.rateCardVersion);
    if (card === undefined) return null;
    const found = findRate(indexRates([card]), { provider, ...event }, card.effectiveFrom);
    if (typeof found === "string") return null;
    first ??= found;
    costMicros += recomputePrice(found, lot.basis, lot.units);
    sums.push(formula(found, lot.basis, lot.units));
  }
  if (first === null) return null;
  const { card, rate } = first;
  return {
    rateCardVersion: card.version,
    publisher: card.provider ?? null,
    effectiveFrom: card.effectiveFrom,
    rate,
    basis,
    formula: `${sums.join(" + ")} = ${costMicros}`,
    rounding: ROUNDING,
    costMicros,
  };
}

/** A later capture costs the sum of all captures so far, less the cost of the earlier ones. */
function formula(found: FoundRate, basis: PriceBasis, quantity: bigint): string {
  const captured = basis?.capturedUnits ?? 0n;
  const sumTo = (units: bigint) =>
    basis?.shares === undefined
      ? sum(found.rate, basis, units)
      : sharedSum(found, basis.shares, units);
  return captured === 0n ? sumTo(quantity) : `${sumTo(captured + quantity)} − ${sumTo(captured)}`;
}

/** What each account paid, and the last one's part of its own price. */
function sharedSum(found: FoundRate, shares: readonly StoredShare[], quantity: bigint): string {
  const paid: string[] = [];
  const fractions: string[] = [];
  const unpaid = new UnpaidShare();
  for (const [index, share] of shares.entries()) {
    const priceMicros = recomputePrice(found, share, quantity);
    const ownPrice = sum(found.rate, share, quantity);
    const isLast = index === shares.length - 1;
    if (isLast || unpaid.dueMicros(priceMicros) <= share.micros) {
      const rest = fractions.length === 0 ? "" : `(1${fractions.join("")}) × `;
      paid.push(rest === "" ? ownPrice : `ceil(${rest}${ownPrice})`);
      break;
    }
    unpaid.pay(share.micros, priceMicros);
    paid.push(`${share.micros}`);
    fractions.push(` − ${share.micros} ÷ ${ownPrice}`);
  }
  const [only, ...others] = paid;
  return only !== undefined && others.length === 0 ? only : `(${paid.join(" + ")})`;
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

/** Lists the units of this usage per tier, as terms of the formula. */
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
