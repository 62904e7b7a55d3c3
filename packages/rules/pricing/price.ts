import { BPS } from "./rate.ts";
import type { RateRefusal } from "./rateIndex.ts";

export type PriceRefusal = RateRefusal | "quantity_too_large";

/** A measured quantity of work. */
export interface Measurement {
  readonly meter: string;
  /** whole units of the meter */
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
}

/**
 * The time whose prices apply: the event's, but never later than `now`. An event may be dated a
 * little in the future, and prices there could still change.
 */
export function pricedAt({ occurredAt, now }: { occurredAt: Date; now: Date }): Date {
  return occurredAt.getTime() < now.getTime() ? occurredAt : now;
}

/**
 * The operator's share of a charge, in micro-credits. Rounds down: the provider gains less than one
 * micro-credit, and fees never exceed `feeBps` of spending (I2).
 */
export function feeOf(amountMicros: bigint, feeBps: bigint): bigint {
  return (amountMicros * feeBps) / BPS;
}
