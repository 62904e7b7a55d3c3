/** What a rate is for: events of the meter that carry all of these dimensions. */
interface RateSubject {
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** `microCredits` per `perUnits`, whatever else happens. The kind that is meant where none is named. */
export interface FixedRate extends RateSubject {
  readonly kind?: "fixed";
  readonly microCredits: bigint;
  readonly perUnits: bigint;
}

/** A price that holds up to, and with, the unit `upTo` of a month; the last tier has no end. */
export interface Tier {
  readonly upTo: bigint | null;
  readonly microCredits: bigint;
}

/**
 * Priced by what the account has used of this rate in the calendar month.
 * `graduated`: each unit by the tier that it falls in. `volume`: the whole event by the tier that the month's total, this
 * event included, falls in; what was debited before is never priced again.
 */
export interface TieredRate extends RateSubject {
  readonly kind: "graduated" | "volume";
  readonly perUnits: bigint;
  /** `upTo` ascending; the last one's is `null` */
  readonly tiers: readonly Tier[];
}

/** `microCredits` per `perUnits`, times a multiplier that follows the provider's utilisation. */
export interface DynamicRate extends RateSubject {
  readonly kind: "dynamic";
  readonly microCredits: bigint;
  readonly perUnits: bigint;
  readonly multiplier: MultiplierRule;
}

/** How a multiplier moves. All but the seconds and the denominator are basis points: 10,000 is one. */
export interface MultiplierRule {
  /** the utilisation at which the multiplier rests */
  readonly targetBps: bigint;
  readonly startBps: bigint;
  readonly minBps: bigint;
  readonly maxBps: bigint;
  /** the most that one step changes the multiplier */
  readonly maxStepBps: bigint;
  /** damps a step: 8 lets a utilisation of twice the target raise the price by an eighth, as EIP-1559 does */
  readonly denominator: bigint;
  /** at most one step in this time */
  readonly stepSeconds: number;
}

export type Rate = FixedRate | TieredRate | DynamicRate;

/** Basis points in one. */
export const BPS = 10_000n;

/** Whether every dimension that the rate asks for is there with its value. */
export function matches(rate: RateSubject, dimensions: Readonly<Record<string, string>>): boolean {
  return Object.entries(rate.dimensions).every(
    ([name, value]) => Object.hasOwn(dimensions, name) && dimensions[name] === value,
  );
}

export function specificity(rate: RateSubject): number {
  return Object.keys(rate.dimensions).length;
}
