import type { Address } from "viem";

import type { MultiplierRule, Rate, Tier } from "@compute-credits/rules/pricing/rate";
import type { SimulatedCard } from "../cards.ts";
import { RULES } from "../limits.ts";

type Unpriced = "no_rate_card_in_force" | "unknown_meter" | "no_matching_rate";

export interface Priced {
  readonly provider: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface ModelRate {
  readonly version: number;
  readonly rate: Rate;
  /** the same for the same rate of later cards */
  readonly name: string;
}

/** A price of which only the quantity is open. */
export interface ModelPrice extends ModelRate {
  /** used of a tiered rate before, in that month, by whom */
  readonly usedBefore: bigint;
  readonly use: string | null;
  readonly multiplierBps: bigint;
  /** of a volume rate: the price of the tier that the whole falls in */
  readonly tierMicros: bigint;
}

/** The rate for the most dimensions that all agree: of the provider's last card that had started by then, where it has the meter. */
export function modelRate(
  cards: readonly SimulatedCard[],
  wanted: Priced,
  at: Date,
): ModelRate | Unpriced {
  const started = (publisher: Address | null) =>
    cards.findLast(
      ({ provider, effectiveFrom }) =>
        provider === publisher && effectiveFrom.getTime() <= at.getTime(),
    );
  const own = started(wanted.provider);
  const hasOwn = own?.rates.some(({ meter }) => meter === wanted.meter) === true;
  const card = hasOwn ? own : started(null);
  if (card === undefined) return own === undefined ? "no_rate_card_in_force" : "unknown_meter";

  let best: Rate | null = null;
  let isKnown = false;
  for (const rate of card.rates) {
    if (rate.meter !== wanted.meter) continue;
    isKnown = true;
    const conditions = Object.entries(rate.dimensions);
    if (conditions.some(([name, value]) => wanted.dimensions[name] !== value)) continue;
    if (best === null || conditions.length > Object.keys(best.dimensions).length) best = rate;
  }
  if (best === null) return isKnown ? "no_matching_rate" : "unknown_meter";
  const asked = Object.keys(best.dimensions)
    .toSorted()
    .map((name) => `;${name}=${best.dimensions[name]}`);
  const name = `${card.provider ?? "operator"}:${best.meter}${asked.join("")}`;
  return { version: card.version, rate: best, name };
}

/** What the rate's price depends on besides: what was used of it, and how it moved. */
export function settledPrice(
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
      rate.kind === "volume" ? microsOf(rate.tiers, facts.usedBefore + facts.quantity) : 0n,
  };
}

/** Up to the next whole micro-credit. */
export function modelCost(price: ModelPrice, quantity: bigint): bigint {
  const { rate } = price;
  switch (rate.kind) {
    case "graduated": {
      // Unit by unit, as one would explain it.
      let sum = 0n;
      for (let unit = 1n; unit <= quantity; unit++) {
        sum += microsOf(rate.tiers, price.usedBefore + unit);
      }
      return up(sum, rate.perUnits);
    }
    case "volume":
      return up(quantity * price.tierMicros, rate.perUnits);
    default:
      return up(quantity * rate.microCredits * price.multiplierBps, rate.perUnits * 10_000n);
  }
}

/** What the units after the first `before` of a price cost. */
export function modelCostAfter(price: ModelPrice, before: bigint, quantity: bigint): bigint {
  return modelCost(price, before + quantity) - modelCost(price, before);
}

/** Down to a whole micro-credit. */
export function modelFee(amountMicros: bigint): bigint {
  return (amountMicros * RULES.feeBps - ((amountMicros * RULES.feeBps) % 10_000n)) / 10_000n;
}

/** A price times one plus an n-th of how far the utilisation is off, but neither too far at once nor too far in all. */
export function steppedMultiplier(
  before: bigint,
  utilisationBps: bigint,
  { targetBps, denominator, maxStepBps, minBps, maxBps }: MultiplierRule,
): bigint {
  if (utilisationBps === targetBps) return before;
  const isMore = utilisationBps > targetBps;
  const off = isMore ? utilisationBps - targetBps : targetBps - utilisationBps;
  const wanted = (before * off) / (targetBps * denominator);
  const change = wanted < 1n ? 1n : wanted > maxStepBps ? maxStepBps : wanted;
  const after = isMore ? before + change : before - change;
  return after < minBps ? minBps : after > maxBps ? maxBps : after;
}

export function monthText(time: Date): string {
  return `${time.getUTCFullYear()}-${`${time.getUTCMonth() + 1}`.padStart(2, "0")}`;
}

export function useText(account: Address, month: string, name: string): string {
  return `${account}|${month}|${name}`;
}

/** The price of the n-th unit of a month. */
function microsOf(tiers: readonly Tier[], unit: bigint): bigint {
  for (const { upTo, microCredits } of tiers) {
    if (upTo === null || unit <= upTo) return microCredits;
  }
  throw new Error("the last tier has an end");
}

function up(dividend: bigint, divisor: bigint): bigint {
  return dividend % divisor === 0n ? dividend / divisor : dividend / divisor + 1n;
}
