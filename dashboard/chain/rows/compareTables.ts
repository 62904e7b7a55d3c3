import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import { partyAt, rowAt } from "@compute-credits/protocol/tree/rowBytes";

/** What changed from one table to the next, by place. */
export interface Differences {
  /** places of rows that are new or differ, ascending */
  readonly changed: Uint32Array;
  readonly added: number;
  /** of rows that charge more than before: their accounts may contest that */
  readonly chargedMore: number;
  /** of rows that pay a provider more than before */
  readonly earnedMore: number;
  /** what no honest checkpoint has, at most 100 of each table */
  readonly impossible: readonly Impossible[];
}

/** A number of a row fell, a party lost its place, or a row is gone. */
export interface Impossible {
  readonly place: number;
  readonly what: "fell" | "moved" | "gone";
}

const MOST_SHOWN = 100;

/** Compares two tables, 44 bytes for each row. Numbers only grow, and parties keep their places. */
export function compareTables(base: Uint8Array, table: Uint8Array): Differences {
  const [before, after] = [base.length / ROW_BYTES, table.length / ROW_BYTES];
  const changed: number[] = [];
  const impossible: Impossible[] = [];
  const counts = { chargedMore: 0, earnedMore: 0 };
  const report = (one: Impossible) => {
    if (impossible.length < MOST_SHOWN) impossible.push(one);
  };
  for (let place = 0; place < after; place++) {
    if (place < before && isSame(base, table, place)) continue;
    changed.push(place);
    const now = rowAt(table, place);
    const old = place < before ? rowAt(base, place) : null;
    if (old !== null && partyAt(base, place) !== now.party) {
      report({ place, what: "moved" });
      continue;
    }
    if (now.spent > (old?.spent ?? 0n)) counts.chargedMore++;
    if (now.earned > (old?.earned ?? 0n)) counts.earnedMore++;
    const fell =
      old !== null &&
      (now.spent < old.spent || now.refunded < old.refunded || now.earned < old.earned);
    if (fell) report({ place, what: "fell" });
  }
  for (let place = after; place < before; place++) report({ place, what: "gone" });
  return {
    changed: Uint32Array.from(changed),
    added: Math.max(0, after - before),
    ...counts,
    impossible,
  };
}

function isSame(base: Uint8Array, table: Uint8Array, place: number): boolean {
  for (let at = place * ROW_BYTES; at < (place + 1) * ROW_BYTES; at++) {
    if (base[at] !== table[at]) return false;
  }
  return true;
}
