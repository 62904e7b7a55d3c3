import { type Line, unitsOf } from "./line.ts";

/** What a lease has set aside, posted and used so far, per line, in units of its meter. */
export interface LineBooks {
  readonly line: Line;
  readonly heldUnits: bigint;
  /** in captures that were sent, whether or not they are answered */
  readonly postedUnits: bigint;
  /** base units of the line's measure */
  readonly usedAmount: bigint;
}

/** Units that cover the most that so many seconds can use. Rounds up. */
export function unitsFor({ mostPerSecond, unit }: Line, seconds: number): bigint {
  return (mostPerSecond * BigInt(seconds) + unit - 1n) / unit;
}

/** Units of a new hold: what no capture has yet, and what so many seconds can use. */
export function firstUnits(books: LineBooks, seconds: number): bigint {
  const { line, postedUnits, usedAmount } = books;
  const unposted = unitsOf(line, usedAmount) - postedUnits;
  return (unposted > 0n ? unposted : 0n) + unitsFor(line, seconds) + 1n;
}

/** Units that must be added to the hold, so that it covers so many seconds from now on. */
export function missingUnits({ line, heldUnits, usedAmount }: LineBooks, seconds: number): bigint {
  // One more for the part of a unit that is carried.
  const needed = unitsOf(line, usedAmount) + unitsFor(line, seconds) + 1n;
  return needed > heldUnits ? needed - heldUnits : 0n;
}

/** Whole seconds from now that what is held covers, whatever the workload does. */
export function coveredSeconds(books: readonly LineBooks[], most: number): number {
  return books.reduce((least, { line, heldUnits, usedAmount }) => {
    if (line.mostPerSecond === 0n) return least;
    const left = heldUnits * line.unit - usedAmount;
    const seconds = left <= 0n ? 0n : left / line.mostPerSecond;
    return seconds < BigInt(least) ? Number(seconds) : least;
  }, most);
}

/** The next capture: the whole units that no capture has yet, at most what is held. */
export function unpostedUnits({ line, heldUnits, postedUnits, usedAmount }: LineBooks): bigint {
  const used = unitsOf(line, usedAmount);
  const most = used < heldUnits ? used : heldUnits;
  return most > postedUnits ? most - postedUnits : 0n;
}
