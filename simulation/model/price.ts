import type { Address } from "viem";

import type { MultiplierRule, Rate, Tier } from "@compute-credits/rules/pricing/rate";
import type { SimulatedCard } from "../cards.ts";
import { RULES } from "../limits.ts";

type Unpriced = "no_rate_card_in_force" | "unknown_meter" | "no_matching_rate";

/** Identifies a rate. */
export interface RateQuery {
  readonly provider: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface ModelRate {
  readonly version: number;
  readonly rate: Rate;
  /** a rate keeps its name on later cards */
  readonly name: string;
}

/** A price with everything but the quantity. */
export interface ModelPrice extends ModelRate {
  /** units of a tiered rate that the payer used earlier in the month */
  readonly usedBefore: bigint;
  /** key of that usage: account, month and rate; `null` for other rates */
  readonly use: string | null;
  readonly multiplierBps: bigint;
  /** the tier's price for a volume rate; 0 for other rates */
  readonly tierMicros: bigint;
}

/**
 * Finds the rate with the most matching dimensions, on the card in force at `at`. The provider's
 * own card wins if it has the meter.
 */
export function modelRate(
  cards: readonly SimulatedCard[],
  query: RateQuery,
  at: Date,
): ModelRate | Unpriced {
  const latestStarted = (publisher: Address | null) =>
    cards.findLast(
      ({ provider, effectiveFrom }) =>
        provider === publisher && effectiveFrom.getTime() <= at.getTime(),
    );
  const own = latestStarted(query.provider);
  const hasOwn = own?.rates.some(({ meter }) => meter === query.meter) === true;
  const card = hasOwn ? own : latestStarted(null);
  if (card === undefined) return own === undefined ? "no_rate_card_in_force" : "unknown_meter";

  let best: Rate | null = null;
  let hasMeter = false;
  for (const rate of card.rates) {
    if (rate.meter !== query.meter) continue;
    hasMeter = true;
    const conditions = Object.entries(rate.dimensions);
    if (conditions.some(([name, value]) => query.dimensions[name] !== value)) continue;
    if (best === null || conditions.length > Object.keys(best.dimensions).length) best = rate;
  }
  if (best === null) return hasMeter ? "no_matching_rate" : "unknown_meter";
  const conditionsText = Object.keys(best.dimensions)
    .toSorted()
    .map((name) => `;${name}=${best.dimensions[name]}`);
  const name = `${card.provider ?? "operator"}:${best.meter}${conditionsText.join("")}`;
  return { version: card.version, rate: best, name };
}

/** Combines a rate with the facts that its price depends on: prior usage and multiplier. */
export function priceFrom(
  found: ModelRate,
  facts: { usedBefore: bigint; use: string; multiplierBps: bigint; quantity: bigint },
): ModelPrice {
  const { rate } = found;
  const isTiered = rate.kind === "graduated" || rate.kind === "volume";
  return {
    ...found,
    usedBefore: isTiered ? facts.usedBefore : 0n,
    use: isTiered ? facts.use : null,
    multiplierBps: rate.kind === "dynamic" ? facts.multiplierBps : 10_000n,
    tierMicros:
      rate.kind === "volume" ? tierPrice(rate.tiers, facts.usedBefore + facts.quantity) : 0n,
  };
}

/** Computes the cost in micro-credits, rounded up. */
export function modelCost(price: ModelPrice, quantity: bigint): bigint {
  const { rate } = price;
  switch (rate.kind) {
    case "graduated": {
      // Adds unit by unit: slow, but obviously right.
      let sum = 0n;
      for (let unit = 1n; unit <= quantity; unit++) {
        sum += tierPrice(rate.tiers, price.usedBefore + unit);
      }
      return divideUp(sum, rate.perUnits);
    }
    case "volume":
      return divideUp(quantity * price.tierMicros, rate.perUnits);
    default:
      return divideUp(quantity * rate.microCredits * price.multiplierBps, rate.perUnits * 10_000n);
  }
}

/** Computes the operator's fee in micro-credits, rounded down. */
export function modelFee(amountMicros: bigint): bigint {
  return (amountMicros * RULES.feeBps - ((amountMicros * RULES.feeBps) % 10_000n)) / 10_000n;
}

/**
 * Moves a multiplier by the relative deviation from the target, divided by `denominator`. Bounds
 * the step and the result.
 */
export function nextMultiplier(
  before: bigint,
  utilisationBps: bigint,
  { targetBps, denominator, maxStepBps, minBps, maxBps }: MultiplierRule,
): bigint {
  if (utilisationBps === targetBps) return before;
  const isMore = utilisationBps > targetBps;
  const off = isMore ? utilisationBps - targetBps : targetBps - utilisationBps;
  const step = (before * off) / (targetBps * denominator);
  const change = step < 1n ? 1n : step > maxStepBps ? maxStepBps : step;
  const after = isMore ? before + change : before - change;
  return after < minBps ? minBps : after > maxBps ? maxBps : after;
}

export function monthText(time: Date): string {
  return `${time.getUTCFullYear()}-${`${time.getUTCMonth() + 1}`.padStart(2, "0")}`;
}

export function useText(account: Address, month: string, name: string): string {
  return `${account}|${month}|${name}`;
}

/** Returns the price of the n-th unit of a month. */
function tierPrice(tiers: readonly Tier[], unit: bigint): bigint {
  for (const { upTo, microCredits } of tiers) {
    if (upTo === null || unit <= upTo) return microCredits;
  }
  throw new Error("the last tier has an upper bound");
}

export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return dividend % divisor === 0n ? dividend / divisor : dividend / divisor + 1n;
}
