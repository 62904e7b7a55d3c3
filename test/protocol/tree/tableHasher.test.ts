import { expect } from "chai";
import * as fc from "fast-check";
import { bytesToHex } from "viem";

import { commitToRows } from "@compute-credits/protocol/data/checkpointData";
import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import type { Row } from "@compute-credits/protocol/tree/row";
import { rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { SECTION_ROWS, TableHasher } from "@compute-credits/protocol/tree/tableHasher";
import { buildTree } from "@compute-credits/protocol/tree/tree";
import { anyRow } from "../../fixtures/arbitraries.ts";

const many = fc.sample(anyRow, { numRuns: 2 * SECTION_ROWS + 3, seed: 2 });

/** The hashes of the rows, pushed in chunks of the given numbers of rows. */
function hashedInPieces(rows: readonly Row[], piece: number) {
  const hasher = new TableHasher();
  const bytes = rowsToBytes(rows);
  for (let at = 0; at < bytes.length; at += piece * ROW_BYTES) {
    hasher.push(bytes.subarray(at, at + piece * ROW_BYTES));
  }
  return hasher.finish();
}

describe("tableHasher", () => {
  for (const size of [
    1,
    2,
    3,
    17,
    SECTION_ROWS - 1,
    SECTION_ROWS,
    SECTION_ROWS + 1,
    2 * SECTION_ROWS,
    2 * SECTION_ROWS + 3,
  ]) {
    it(`with ${size} rows in chunks of any size: has the root of the whole tree`, () => {
      const rows = many.slice(0, size);
      const { root } = buildTree(rows);
      for (const piece of [size, 1_000, 4_097]) {
        const hashes = hashedInPieces(rows, piece);
        expect(bytesToHex(hashes.root)).to.equal(root);
        expect(hashes.rowCount).to.equal(size);
        expect(hashes.sections).to.have.length(32 * Math.ceil(size / SECTION_ROWS));
      }
    });
  }

  it("with another table: has another data hash, even if padding makes the roots equal", () => {
    const [row] = many;
    if (row === undefined) throw new Error("there are many");
    const empty = { party: `0x${"00".repeat(20)}`, spent: 0n, refunded: 0n, earned: 0n } as const;
    const [short, padded] = [commitToRows([row, row, row]), commitToRows([row, row, row, empty])];
    expect(short.root).to.equal(padded.root);
    expect(short.dataHash).not.to.equal(padded.dataHash);
  });
});
