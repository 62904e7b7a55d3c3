/** A price of `microCredits` for each `perUnits` units of what a rate matches. */
export interface LinearRate {
  readonly rateKey: string;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly perUnits: bigint;
  /** `null`: its price depends on more than one event, so no change of it is shown */
  readonly microCredits: bigint | null;
}

/** What one event was charged, by all of its payers together. */
export interface ChargedEvent {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly amountMicros: bigint;
}

/** What the events of one rate cost, and would have cost. */
export interface RatePreview {
  readonly events: number;
  readonly quantity: bigint;
  readonly chargedMicros: bigint;
  readonly wouldChargeMicros: bigint;
}

/**
 * Charges events again at other prices. The rate that matches most dimensions counts, as on the
 * server. Rounds each event up to a micro-credit, in the provider's favour, as the server does.
 * Events that no rate matches, and those of a rate without a price, keep what they were charged.
 */
export function previewCard(
  rates: readonly LinearRate[],
  events: readonly ChargedEvent[],
  changed: ReadonlyMap<string, bigint>,
): ReadonlyMap<string, RatePreview> {
  const previews = new Map<string, RatePreview>();
  for (const event of events) {
    const rate = rateOf(rates, event);
    if (rate === null) continue;
    const price = rate.microCredits === null ? null : changed.get(rate.rateKey);
    const known = previews.get(rate.rateKey);
    previews.set(rate.rateKey, {
      events: (known?.events ?? 0) + 1,
      quantity: (known?.quantity ?? 0n) + event.quantity,
      chargedMicros: (known?.chargedMicros ?? 0n) + event.amountMicros,
      wouldChargeMicros:
        (known?.wouldChargeMicros ?? 0n) +
        (price == null ? event.amountMicros : costUp(event.quantity, price, rate.perUnits)),
    });
  }
  return previews;
}

/** Rounds up: the provider is never paid below its rate. */
export function costUp(quantity: bigint, microCredits: bigint, perUnits: bigint): bigint {
  return (quantity * microCredits + perUnits - 1n) / perUnits;
}

function rateOf(
  rates: readonly LinearRate[],
  { meter, dimensions }: ChargedEvent,
): LinearRate | null {
  let best: LinearRate | null = null;
  for (const rate of rates) {
    if (rate.meter !== meter) continue;
    const wanted = Object.entries(rate.dimensions);
    const isMet = wanted.every(
      ([name, value]) => Object.hasOwn(dimensions, name) && dimensions[name] === value,
    );
    if (!isMet) continue;
    if (best === null || wanted.length > Object.keys(best.dimensions).length) best = rate;
  }
  return best;
}
