import type { Address } from "viem";

import { type Rate, specificity } from "./rate.ts";
import type { RateCard } from "./rateCard.ts";
import { rateKey } from "./rateKey.ts";

/** A rate with the card that it stands in. */
export interface FoundRate {
  readonly card: RateCard;
  readonly rate: Rate;
  /** names the rate across versions (rateKey.ts) */
  readonly key: string;
}

export type RateRefusal = "no_rate_card_in_force" | "unknown_meter" | "no_matching_rate";

/** What is looked for: the rate of an event of this provider. */
export interface RateQuery {
  readonly provider: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/**
 * Cards arranged for look-up: thousands of events are rated in a batch, and none should walk through whole cards.
 * Keyed by publisher (`null` is the operator), each one's newest card first.
 */
export type RateIndex = ReadonlyMap<Address | null, readonly IndexedCard[]>;

interface IndexedCard {
  readonly card: RateCard;
  /** the most specific rate first */
  readonly byMeter: ReadonlyMap<string, readonly IndexedRate[]>;
}

interface IndexedRate extends FoundRate {
  readonly asked: readonly (readonly [name: string, value: string])[];
}

/** Adds cards to an index. What was in it is not arranged again. */
export function indexRates(cards: readonly RateCard[], onto: RateIndex = new Map()): RateIndex {
  const index = new Map(onto);
  for (const [publisher, added] of Map.groupBy(cards, ({ provider }) => provider ?? null)) {
    const all = [...(index.get(publisher) ?? []), ...added.map(indexCard)];
    index.set(
      publisher,
      all.toSorted((a, b) => b.card.effectiveFrom.getTime() - a.card.effectiveFrom.getTime()),
    );
  }
  return index;
}

/**
 * The rate that prices an event at a time: of the provider's own card for the meters that it has, of the operator's card
 * for all others; the most specific one that matches.
 */
export function findRate(index: RateIndex, query: RateQuery, at: Date): FoundRate | RateRefusal {
  const own = cardAt(index, query.provider, at);
  const card = own?.byMeter.has(query.meter) === true ? own : cardAt(index, null, at);
  if (card === undefined) return own === undefined ? "no_rate_card_in_force" : "unknown_meter";

  const ofMeter = card.byMeter.get(query.meter);
  if (ofMeter === undefined) return "unknown_meter";
  const found = ofMeter.find(({ asked }) =>
    asked.every(
      ([name, value]) => Object.hasOwn(query.dimensions, name) && query.dimensions[name] === value,
    ),
  );
  return found ?? "no_matching_rate";
}

/** The rates that a provider's events can meet at a time, its own before the operator's. */
export function ratesInForce(index: RateIndex, provider: Address, at: Date): readonly FoundRate[] {
  const own = cardAt(index, provider, at)?.byMeter ?? new Map<string, readonly IndexedRate[]>();
  const operators = cardAt(index, null, at)?.byMeter ?? new Map<string, readonly IndexedRate[]>();
  const others = [...operators].filter(([meter]) => !own.has(meter));
  return [...own, ...others].flatMap(([, rates]) => rates);
}

/** Newest first, and most events are of now: the first look finds it. */
function cardAt(index: RateIndex, publisher: Address | null, at: Date): IndexedCard | undefined {
  const ms = at.getTime();
  return index.get(publisher)?.find(({ card }) => card.effectiveFrom.getTime() <= ms);
}

function indexCard(card: RateCard): IndexedCard {
  const rates = card.rates.map((rate) => ({
    card,
    rate,
    key: rateKey(card.provider ?? null, rate),
    asked: Object.entries(rate.dimensions),
  }));
  const specificFirst = rates.toSorted((a, b) => specificity(b.rate) - specificity(a.rate));
  return { card, byMeter: Map.groupBy(specificFirst, ({ rate }) => rate.meter) };
}
