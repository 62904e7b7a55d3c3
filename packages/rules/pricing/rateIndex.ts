import type { Address } from "viem";

import { type Rate, specificity } from "./rate.ts";
import type { RateCard } from "./rateCard.ts";
import { rateKey } from "./rateKey.ts";

/** A rate with its card. */
export interface FoundRate {
  readonly card: RateCard;
  readonly rate: Rate;
  /** identifies the rate across card versions (rateKey.ts) */
  readonly key: string;
}

export type RateRefusal = "no_rate_card_in_force" | "unknown_meter" | "no_matching_rate";

/** The properties of an event that select its rate. */
export interface RateQuery {
  readonly provider: Address;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/**
 * Cards indexed by publisher (`null` is the operator), newest card first. A batch rates thousands
 * of events, so that a lookup must not scan whole cards.
 */
export type RateIndex = ReadonlyMap<Address | null, readonly IndexedCard[]>;

interface IndexedCard {
  readonly card: RateCard;
  /** the most specific rate first */
  readonly byMeter: ReadonlyMap<string, readonly IndexedRate[]>;
}

interface IndexedRate extends FoundRate {
  readonly required: readonly (readonly [name: string, value: string])[];
}

/** Returns an index with the cards added. Does not rebuild the entries of `onto`. */
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
 * Finds the most specific rate that matches an event at a time: in the provider's card if it has
 * the meter, else in the operator's.
 */
export function findRate(index: RateIndex, query: RateQuery, at: Date): FoundRate | RateRefusal {
  const providerCard = cardAt(index, query.provider, at);
  const card =
    providerCard?.byMeter.has(query.meter) === true ? providerCard : cardAt(index, null, at);
  if (card === undefined)
    return providerCard === undefined ? "no_rate_card_in_force" : "unknown_meter";

  const ofMeter = card.byMeter.get(query.meter);
  if (ofMeter === undefined) return "unknown_meter";
  const found = ofMeter.find(({ required }) =>
    required.every(
      ([name, value]) => Object.hasOwn(query.dimensions, name) && query.dimensions[name] === value,
    ),
  );
  return found ?? "no_matching_rate";
}

/** All rates that apply to a provider's events at a time, the provider's before the operator's. */
export function ratesInForce(index: RateIndex, provider: Address, at: Date): readonly FoundRate[] {
  const ofProvider =
    cardAt(index, provider, at)?.byMeter ?? new Map<string, readonly IndexedRate[]>();
  const operators = cardAt(index, null, at)?.byMeter ?? new Map<string, readonly IndexedRate[]>();
  const others = [...operators].filter(([meter]) => !ofProvider.has(meter));
  return [...ofProvider, ...others].flatMap(([, rates]) => rates);
}

/** The publisher's card in force. Cards are newest first, so most lookups end at the first. */
function cardAt(index: RateIndex, publisher: Address | null, at: Date): IndexedCard | undefined {
  const ms = at.getTime();
  return index.get(publisher)?.find(({ card }) => card.effectiveFrom.getTime() <= ms);
}

function indexCard(card: RateCard): IndexedCard {
  const rates = card.rates.map((rate) => ({
    card,
    rate,
    key: rateKey(card.provider ?? null, rate),
    required: Object.entries(rate.dimensions),
  }));
  const specificFirst = rates.toSorted((a, b) => specificity(b.rate) - specificity(a.rate));
  return { card, byMeter: Map.groupBy(specificFirst, ({ rate }) => rate.meter) };
}
