import { type Moment, between } from "../clock.ts";
import type { Measure } from "../measures.ts";
import type { Reading } from "../sources/source.ts";

/** All that one line has used since its lease began. The part below a unit stays in it. */
export interface Total {
  /** base units of the line's measure */
  readonly amount: bigint;
  /** what the next reading is compared with; `null` before the first */
  readonly base: Base | null;
}

export interface Base extends Reading {
  readonly at: Moment;
}

/**
 * Why an amount may be under what was used: the source began anew (`reset`), was silent longer than
 * usual (`gap`), or could not be read (`unread`).
 */
export type Flag = "reset" | "gap" | "unread";

export interface Advanced {
  readonly total: Total;
  readonly flag: Flag | null;
}

export const NOTHING_YET: Total = { amount: 0n, base: null };

/**
 * Adds what a reading shows beyond the one before. Never adds more than was used: a source that
 * began anew adds nothing, and a level counts with the lower of both ends. The payer gains the rest.
 *
 * `longestNs` is the longest time between two readings that is no gap.
 */
export function advance(
  kind: Measure["kind"],
  { amount, base }: Total,
  { reading, at, longestNs }: { reading: Reading | null; at: Moment; longestNs: bigint },
): Advanced {
  if (reading === null) return { total: { amount, base }, flag: "unread" };
  const next: Base = { ...reading, at };
  if (base === null) return { total: { amount, base: next }, flag: null };

  const ns = between(base.at, at);
  const isNew = base.epoch !== reading.epoch || (kind === "counter" && reading.value < base.value);
  if (isNew || (kind === "level" && (ns === null || ns < 0n))) {
    return { total: { amount, base: next }, flag: "reset" };
  }
  const added =
    kind === "counter" ? reading.value - base.value : lower(base.value, reading.value) * (ns ?? 0n);
  const isGap = ns === null || ns > longestNs;
  return { total: { amount: amount + added, base: next }, flag: isGap ? "gap" : null };
}

function lower(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
