import type { Measure } from "../measures.ts";

/** One meter that a lease charges. */
export interface Line {
  /** such as `cpu` or `gpu/GPU-8f6c…`; unique in its lease */
  readonly id: string;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly kind: Measure["kind"];
  /** base units of one unit of the meter */
  readonly unit: bigint;
  /** the most base units that a second can use, which is what a hold keeps for it */
  readonly mostPerSecond: bigint;
}

/** Whole units of an amount. The rest is carried, so nothing is rounded until the lease ends. */
export function unitsOf({ unit }: Line, amount: bigint): bigint {
  return amount / unit;
}
