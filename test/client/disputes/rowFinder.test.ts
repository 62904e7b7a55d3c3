import { expect } from "chai";
import { numberToHex } from "viem";

import { RowFinder } from "@compute-credits/client/disputes/rowFinder";
import type { Row } from "@compute-credits/protocol/tree/row";
import { rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { SECTION_ROWS } from "@compute-credits/protocol/tree/tableHasher";
import { buildTree } from "@compute-credits/protocol/tree/tree";

function rowsOf(count: number): Row[] {
  return Array.from({ length: count }, (_, index) => ({
    party: numberToHex(index + 1, { size: 20 }),
    spent: BigInt(index),
    refunded: 0n,
    earned: 1n,
  }));
}

function find(rows: readonly Row[], party: Row["party"]) {
  const finder = new RowFinder(party);
  for (let first = 0; first < rows.length; first += SECTION_ROWS) {
    finder.push(rowsToBytes(rows.slice(first, first + SECTION_ROWS)), first);
  }
  return finder.finish(rows.length);
}

describe("RowFinder", () => {
  for (const count of [1, 3, SECTION_ROWS, SECTION_ROWS + 1, 2 * SECTION_ROWS + 5]) {
    it(`in a table of ${count} rows: has the proof of the whole tree`, () => {
      const rows = rowsOf(count);
      const tree = buildTree(rows);
      for (const place of new Set([0, Math.floor(count / 2), count - 1])) {
        const party = numberToHex(place + 1, { size: 20 });
        expect(find(rows, party)).to.deep.equal({ row: rows[place], proof: tree.proof(place) });
      }
    });
  }

  it("has nothing of a party without a row", () => {
    expect(find(rowsOf(3), numberToHex(99, { size: 20 }))).to.equal(null);
  });
});
