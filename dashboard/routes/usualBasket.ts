import type { RateCard } from "../queries/prices.ts";
import type { BasketLine } from "./basketSearch.ts";

/** A kind of work that some card has a rate for. */
export type PricedWork = Pick<BasketLine, "meter" | "dimensions">;

/** The kinds of work of all cards, each once, by name. */
export function ratesIn(cards: readonly RateCard[]): readonly PricedWork[] {
  const works = new Map<string, PricedWork>();
  for (const { rates } of cards) {
    for (const { meter, dimensions } of rates) {
      works.set(nameOfLine({ meter, dimensions }), { meter, dimensions });
    }
  }
  return [...works.keys()].toSorted().flatMap((name) => works.get(name) ?? []);
}

/** `gpu.seconds, gpu H100` */
export function nameOfLine({ meter, dimensions }: PricedWork): string {
  const parts = Object.entries(dimensions).map(([name, value]) => `${name} ${value}`);
  return [meter, ...parts.toSorted()].join(", ");
}

/** How much of a meter makes a number that a reader knows: an hour, a million tokens, 100 others. */
export function usualQuantity(meter: string): number {
  if (meter.endsWith("seconds")) return meter.endsWith("milliseconds") ? 3_600_000 : 3_600;
  return meter.endsWith("tokens") || meter.endsWith("bytes") ? 1_000_000 : 100;
}

/** What is compared before a reader chooses: one kind of work of each of four meters. */
export function usualBasket(works: readonly PricedWork[]): BasketLine[] {
  const byMeter = new Map(works.map((work) => [work.meter, work]));
  const meters = ["gpu.seconds", "cpu.seconds", "llm.tokens", "requests"];
  const known = meters.filter((meter) => byMeter.has(meter));
  const chosen = known.length > 0 ? known : [...byMeter.keys()].slice(0, 4);
  return chosen.flatMap((meter) => {
    const work = works.find((one) => one.meter === meter);
    return work === undefined ? [] : [{ ...work, quantity: usualQuantity(meter) }];
  });
}
