/** What a meter costs. `microCredits` per `perUnits`, for events that carry all of `dimensions`. */
export interface Rate {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly microCredits: bigint;
  readonly perUnits: bigint;
}

/** A version of the prices. Never changed: another version follows it. */
export interface RateCard {
  readonly version: number;
  readonly effectiveFrom: Date;
  readonly rates: readonly Rate[];
}

/** The card in force at `time`, or `null` before the first. `cards` in any order. */
export function cardAt(cards: readonly RateCard[], time: Date): RateCard | null {
  let found: RateCard | null = null;
  for (const card of cards) {
    if (card.effectiveFrom > time) continue;
    if (found === null || card.effectiveFrom > found.effectiveFrom) found = card;
  }
  return found;
}

/** Whether every dimension that the rate asks for is there with its value. */
export function matches(rate: Rate, dimensions: Readonly<Record<string, string>>): boolean {
  return Object.entries(rate.dimensions).every(([name, value]) => dimensions[name] === value);
}

export function specificity(rate: Rate): number {
  return Object.keys(rate.dimensions).length;
}

/**
 * Two rates between which some event could not choose: equally specific, and an event may match both.
 * A card with such a pair is refused, so that a price never depends on the order in a file.
 */
export function ambiguousPair(rates: readonly Rate[]): readonly [Rate, Rate] | null {
  for (const [i, first] of rates.entries()) {
    for (const second of rates.slice(i + 1)) {
      if (first.meter !== second.meter || specificity(first) !== specificity(second)) continue;
      const contradict = Object.entries(first.dimensions).some(
        ([name, value]) =>
          Object.hasOwn(second.dimensions, name) && second.dimensions[name] !== value,
      );
      if (!contradict) return [first, second];
    }
  }
  return null;
}
