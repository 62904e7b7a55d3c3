/** The events that a rate applies to: those of the meter with all of these dimensions. */
interface RateSubject {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** A fixed price of `microCredits` per `perUnits`. The default kind. */
export interface FixedRate extends RateSubject {
  readonly kind?: "fixed";
  readonly microCredits: bigint;
  readonly perUnits: bigint;
}

/** A price for the month's units up to and including `upTo`. `null` = no end. */
export interface Tier {
  readonly upTo: bigint | null;
  readonly microCredits: bigint;
}

/**
 * A price that depends on the account's usage of this rate in the calendar month. `graduated`
 * prices each unit by its own tier. `volume` prices the whole event by the tier of the month's
 * total including it; earlier debits keep their price.
 */
export interface TieredRate extends RateSubject {
  readonly kind: "graduated" | "volume";
  readonly perUnits: bigint;
  /** in ascending order of `upTo`; the last is `null` */
  readonly tiers: readonly Tier[];
}

/** A price of `microCredits` per `perUnits` times a multiplier that follows utilisation. */
export interface DynamicRate extends RateSubject {
  readonly kind: "dynamic";
  readonly microCredits: bigint;
  readonly perUnits: bigint;
  readonly multiplier: MultiplierRule;
}

/** How a multiplier moves. Values ending in `Bps` are basis points: 10,000 is one. */
export interface MultiplierRule {
  /** the utilisation at which the multiplier stays */
  readonly targetBps: bigint;
  readonly startBps: bigint;
  readonly minBps: bigint;
  readonly maxBps: bigint;
  /** largest change per step */
  readonly maxStepBps: bigint;
  /** damps a step: with 8, twice the target raises the price by an eighth, as in EIP-1559 */
  readonly denominator: bigint;
  /** shortest time between steps */
  readonly stepSeconds: number;
}

export type Rate = FixedRate | TieredRate | DynamicRate;

/** Basis points in one. */
export const BPS = 10_000n;

/** Whether the dimensions include all of the rate's, with the same values. */
export function matches(rate: RateSubject, dimensions: Readonly<Record<string, string>>): boolean {
  return Object.entries(rate.dimensions).every(
    ([name, value]) => Object.hasOwn(dimensions, name) && dimensions[name] === value,
  );
}

/** The number of dimensions that a rate requires. The most specific matching rate applies. */
export function specificity(rate: RateSubject): number {
  return Object.keys(rate.dimensions).length;
}
