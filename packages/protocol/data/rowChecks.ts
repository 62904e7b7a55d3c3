import { zeroAddress } from "viem";

import { MAX_MICROS } from "../amounts.ts";
import { ROW_BYTES } from "../keccak/keccakModule.ts";
import { MalformedData } from "./malformedData.ts";
import { partyAt, rowAt } from "../tree/rowBytes.ts";

/** Sums over all rows, in micro-credits. */
export interface RowTotals {
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

/**
 * Checks a table's rows as they arrive: each party is set and unique, and amounts are in bounds.
 */
export class RowChecks {
  readonly #places = new Map<string, number>();
  #spent = 0n;
  #refunded = 0n;
  #earned = 0n;

  get totals(): RowTotals {
    return { spent: this.#spent, refunded: this.#refunded, earned: this.#earned };
  }

  /** Checks the next rows, 44 bytes each. Throws `MalformedData` at the first invalid row. */
  push(rows: Uint8Array): void {
    for (let index = 0; index < rows.length / ROW_BYTES; index++) {
      const place = this.#places.size;
      const { party, spent, refunded, earned } = checkedRow(rows, index, place);
      const before = this.#places.get(party);
      if (before !== undefined) {
        throw new MalformedData(
          "party_twice",
          `rows ${before} and ${place} both belong to ${party}`,
        );
      }
      this.#places.set(party, place);
      this.#spent += spent;
      this.#refunded += refunded;
      this.#earned += earned;
    }
  }
}

/**
 * Reads the row at `index` and checks it. `place` is its index in the whole table, for the error.
 * Throws `MalformedData` for the zero address or an amount over `MAX_MICROS`.
 */
export function checkedRow(rows: Uint8Array, index: number, place: number) {
  const row = rowAt(rows, index);
  if (row.party === zeroAddress) {
    throw new MalformedData("party_missing", `row ${place} belongs to the zero address`);
  }
  for (const name of ["spent", "refunded", "earned"] as const) {
    if (row[name] > MAX_MICROS) {
      throw new MalformedData(
        "amount_too_large",
        `row ${place} (${partyAt(rows, index)}) has ${name} ${row[name]}, over 2^63 - 1`,
      );
    }
  }
  return row;
}
