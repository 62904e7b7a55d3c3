import { BPS } from "./rate.ts";
import type { RateRefusal } from "./rateIndex.ts";

export type PriceRefusal = RateRefusal | "quantity_too_large";

/** What is measured. */
export interface Measurement {
  readonly meter: string;
  /** whole units of the meter */
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly occurredAt: Date;
}

/**
 * The moment whose prices are taken: that of the occurrence, but never one to come. An event may be dated a little ahead,
 * and a price of then could still change; so what prices an event is known when it is recorded, for ever.
 */
export function pricedAt({ occurredAt, now }: { occurredAt: Date; now: Date }): Date {
  return occurredAt.getTime() < now.getTime() ? occurredAt : now;
}

/**
 * The part of a charge that is the operator's.
 * Rounds down: the provider gains under one micro-credit, and the fees never exceed `feeBps` of what was spent (I2).
 */
export function feeOf(amountMicros: bigint, feeBps: bigint): bigint {
  return (amountMicros * feeBps) / BPS;
}
