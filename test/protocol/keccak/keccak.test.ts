import { expect } from "chai";
import * as fc from "fast-check";
import { bytesToHex, concat, keccak256 } from "viem";

import { BATCH, hashPairs, hashRows } from "@compute-credits/protocol/keccak/batchKeccak";
import { rowLeaf } from "@compute-credits/protocol/tree/row";
import { bytesToRows, rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { anyRow } from "../../fixtures/arbitraries.ts";

/** The item at `index`, of `size` bytes each. */
function piece(bytes: Uint8Array, size: number, index: number) {
  return bytesToHex(bytes.subarray(index * size, (index + 1) * size));
}

describe("batchKeccak", () => {
  it("hashes pairs like viem, the smaller one first", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 64, maxLength: 64 })), (pairs) => {
        const bytes = Uint8Array.from(pairs.flatMap((pair) => [...pair]));
        const hashes = hashPairs(bytes);
        expect(hashes).to.have.length(pairs.length * 32);
        for (const index of pairs.keys()) {
          const [a, b] = [piece(bytes, 32, 2 * index), piece(bytes, 32, 2 * index + 1)];
          const expected = keccak256(a < b ? concat([a, b]) : concat([b, a]));
          expect(piece(hashes, 32, index)).to.equal(expected);
        }
      }),
    );
  });

  it("with siblings that differ in any byte: orders them by the first that differs", () => {
    for (let at = 0; at < 32; at++) {
      const [a, b] = [new Uint8Array(32).fill(0x7f), new Uint8Array(32).fill(0x7f)];
      // The bytes after the first difference have the opposite order.
      a.fill(0x00, at).fill(0xff, at + 1);
      b.fill(0x80, at).fill(0x00, at + 1);
      const [inOrder, reversed] = [hashPairs(join(a, b)), hashPairs(join(b, a))];
      expect(bytesToHex(inOrder)).to.equal(keccak256(join(a, b)));
      expect(bytesToHex(reversed)).to.equal(keccak256(join(a, b)));
    }
    const same = join(new Uint8Array(32), new Uint8Array(32));
    expect(bytesToHex(hashPairs(same))).to.equal(keccak256(same));
  });

  it("hashes rows into their leaves", () => {
    fc.assert(
      fc.property(fc.array(anyRow), (rows) => {
        const leaves = hashRows(rowsToBytes(rows));
        expect(rows.map((_, index) => piece(leaves, 32, index))).to.deep.equal(rows.map(rowLeaf));
      }),
    );
  });

  it("hashes more items than one call takes, an odd number, and none", () => {
    const rows = fc.sample(anyRow, { numRuns: 2 * BATCH + 1, seed: 1 });
    const leaves = hashRows(rowsToBytes(rows));
    for (const index of [0, BATCH - 1, BATCH, 2 * BATCH - 1, 2 * BATCH]) {
      const [row] = rows.slice(index, index + 1);
      expect(piece(leaves, 32, index)).to.equal(row === undefined ? "" : rowLeaf(row));
    }
    expect(hashRows(new Uint8Array(0))).to.have.length(0);
  });

  it("with a partial item: throws a RangeError", () => {
    expect(() => hashPairs(new Uint8Array(63))).to.throw(RangeError, "not whole items of 64 bytes");
    expect(() => hashRows(new Uint8Array(45))).to.throw(RangeError, "not whole items of 44 bytes");
  });
});

describe("rowBytes", () => {
  it("encodes and decodes any row", () => {
    fc.assert(
      fc.property(fc.array(anyRow), (rows) => {
        expect(bytesToRows(rowsToBytes(rows))).to.deep.equal(rows);
      }),
    );
  });
});

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from([...a, ...b]);
}
