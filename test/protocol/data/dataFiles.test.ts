import { expect } from "chai";
import * as fc from "fast-check";
import { type Address, numberToHex, zeroAddress } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import { commitToRows, dataHashOf, tableHead } from "@compute-credits/protocol/data/checkpointData";
import {
  applyDifference,
  differenceEntries,
  differenceHeader,
  readDifference,
} from "@compute-credits/protocol/data/differenceFile";
import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import { concatBytes } from "@compute-credits/protocol/tree/levels";
import { MalformedData } from "@compute-credits/protocol/data/malformedData";
import type { Row } from "@compute-credits/protocol/tree/row";
import { bytesToRows, rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { readTable, tableBytes } from "@compute-credits/protocol/data/tableFile";
import { SECTION_ROWS, TableHasher } from "@compute-credits/protocol/tree/tableHasher";
import { anyUint } from "../../fixtures/arbitraries.ts";

const numbers = fc.record({ spent: anyUint(63), refunded: anyUint(63), earned: anyUint(63) });

/** Tables of distinct parties. */
const anyTable = fc
  .array(numbers, { minLength: 1, maxLength: 40 })
  .map((rows) => rows.map((row, n): Row => ({ party: partyOf(n), ...row })));

function partyOf(n: number): Address {
  return numberToHex(0xabc000 + n * 17, { size: 20 });
}

function rowOf(n: number, spent = 5n): Row {
  return { party: partyOf(n), spent, refunded: 0n, earned: 0n };
}

function fileOf(rows: readonly Row[]): Uint8Array {
  const bytes = rowsToBytes(rows);
  const hasher = new TableHasher();
  hasher.push(bytes);
  return concatBytes([tableHead(hasher.finish()), bytes]);
}

function differenceOf(before: readonly Row[], after: readonly Row[]): Uint8Array {
  const places = [...after.keys()].filter((place) => after[place] !== before[place]);
  const header = differenceHeader({
    baseDataHash: commitToRows(before).dataHash,
    dataHash: commitToRows(after).dataHash,
    baseRowCount: before.length,
    rowCount: after.length,
    changedCount: places.length,
  });
  const changed = rowsToBytes(places.flatMap((place) => after.slice(place, place + 1)));
  return concatBytes([header, differenceEntries(places, changed)]);
}

async function* inPieces(bytes: Uint8Array, size = bytes.length): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function reasonOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => "read without complaint",
    (cause: unknown) => cause,
  );
  return error instanceof MalformedData ? error.reason : String(error);
}

describe("tableFile", () => {
  it("in chunks of any size: is read as it was written", async () => {
    await fc.assert(
      fc.asyncProperty(anyTable, fc.integer({ min: 1, max: 200 }), async (rows, size) => {
        const seen: Row[] = [];
        const file = fileOf(rows);
        expect(file).to.have.length(tableBytes(rows.length));
        const summary = await readTable(inPieces(file, size), (bytes) =>
          seen.push(...bytesToRows(bytes)),
        );
        expect(seen).to.deep.equal(rows);
        const { root, dataHash } = commitToRows(rows);
        expect(summary).to.deep.include({ rowCount: rows.length, root, dataHash });
        expect(summary.totals.spent).to.equal(rows.reduce((sum, { spent }) => sum + spent, 0n));
      }),
    );
  });

  it("passes each section to onRows", async () => {
    const rows = Array.from({ length: 2 * SECTION_ROWS + 5 }, (_, n) => ({
      party: partyOf(n),
      spent: BigInt(n),
      refunded: 1n,
      earned: 2n,
    }));
    const firsts: number[] = [];
    const summary = await readTable(inPieces(fileOf(rows), 65_536), (_, first) =>
      firsts.push(first),
    );
    expect(firsts).to.deep.equal([0, SECTION_ROWS, 2 * SECTION_ROWS]);
    expect(summary.root).to.equal(commitToRows(rows).root);
  });

  it("with any bit changed: is rejected", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTable,
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        async (rows, at, bit) => {
          const file = fileOf(rows);
          const { dataHash } = await readTable(inPieces(file));
          const changed = file.slice();
          const index = at % file.length;
          changed[index] = (changed[index] ?? 0) ^ (1 << bit);
          // A change of the head gives another data hash.
          const outcome = await readTable(inPieces(changed)).then(
            (summary) => summary.dataHash,
            (error: unknown) => (error instanceof MalformedData ? "malformed" : String(error)),
          );
          expect(outcome).to.equal("malformed");
          expect(dataHash).not.to.equal(outcome);
        },
      ),
    );
  });

  it("with arbitrary bytes: fails only with MalformedData", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), async (bytes, isNamed) => {
        const name = isNamed
          ? fileOf([{ party: partyOf(1), spent: 1n, refunded: 0n, earned: 0n }]).subarray(0, 8)
          : new Uint8Array(0);
        const all = concatBytes([name, bytes]);
        for (const read of [readTable(inPieces(all)), readDifference(inPieces(all))]) {
          const error: unknown = await read.catch((cause: unknown) => cause);
          expect(error).to.be.instanceOf(MalformedData);
        }
      }),
    );
  });

  const rows: Row[] = [1, 2, 3].map((n) => ({
    party: partyOf(n),
    spent: BigInt(n),
    refunded: 0n,
    earned: 0n,
  }));
  const [one, two, three] = rows;
  if (one === undefined || two === undefined || three === undefined) throw new Error("three rows");
  const file = fileOf(rows);

  for (const [reason, bytes] of [
    ["unknown_format", concatBytes([Uint8Array.of(1), file.subarray(1)])],
    ["cut_off", new Uint8Array(0)],
    ["cut_off", file.subarray(0, 10)],
    ["cut_off", file.subarray(0, 20)],
    ["cut_off", file.subarray(0, file.length - 1)],
    ["trailing_bytes", concatBytes([file, Uint8Array.of(0)])],
    ["no_rows", concatBytes([file.subarray(0, 8), new Uint8Array(4)])],
    ["section_mismatch", concatBytes([file.subarray(0, file.length - 1), Uint8Array.of(9)])],
    ["party_twice", fileOf([one, two, one])],
    ["party_missing", fileOf([one, { ...two, party: zeroAddress }])],
    ["amount_too_large", fileOf([{ ...one, earned: MAX_MICROS + 1n }])],
  ] as const) {
    it(`with a fault, at ${bytes.length} bytes: is rejected as ${reason}`, async () => {
      expect(await reasonOf(readTable(inPieces(bytes)))).to.equal(reason);
    });
  }

  it("has the hash of its head as its data hash", () => {
    expect(commitToRows(rows).dataHash).to.equal(dataHashOf(file.subarray(0, 12 + 32)));
  });
});

describe("differenceFile", () => {
  it("turns any table into any later one", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTable,
        fc.array(fc.tuple(fc.nat(50), numbers), { maxLength: 20 }),
        async (before, changes) => {
          const after = [...before];
          for (const [place, row] of changes) {
            if (place >= after.length) after.push({ party: partyOf(after.length), ...row });
            else after[place] = { party: partyOf(place), ...row };
          }
          const same = [...before.keys()].every(
            (place) => after[place] === before[place] || !isEqual(after[place], before[place]),
          );
          fc.pre(same);
          const difference = await readDifference(inPieces(differenceOf(before, after), 7));
          const result = applyDifference(rowsToBytes(before), difference);
          expect(bytesToRows(result)).to.deep.equal(after);
        },
      ),
    );
  });

  const base = [rowOf(0), rowOf(1), rowOf(2)];
  const next = [rowOf(0), rowOf(1, 6n), rowOf(2), rowOf(3)];
  const header = {
    baseDataHash: commitToRows(base).dataHash,
    dataHash: commitToRows(next).dataHash,
    baseRowCount: 3,
    rowCount: 4,
    changedCount: 2,
  };
  const written = (
    places: readonly number[],
    rows: readonly Row[],
    other: Partial<typeof header> = {},
  ) =>
    concatBytes([
      differenceHeader({ ...header, changedCount: places.length, ...other }),
      differenceEntries(places, rowsToBytes(rows)),
    ]);
  const right = written([1, 3], [rowOf(1, 6n), rowOf(3)]);

  for (const [reason, bytes] of [
    ["unknown_format", concatBytes([Uint8Array.of(1), right.subarray(1)])],
    ["cut_off", right.subarray(0, 50)],
    ["cut_off", right.subarray(0, right.length - 1)],
    ["trailing_bytes", concatBytes([right, right])],
    ["no_rows", written([0], [rowOf(0)], { baseRowCount: 0 })],
    ["no_rows", written([], [], { rowCount: 2 })],
    ["places_out_of_order", written([3, 1], [rowOf(3), rowOf(1, 6n)])],
    ["places_out_of_order", written([3, 3], [rowOf(3), rowOf(3)])],
    ["places_out_of_order", written([1, 4], [rowOf(1, 6n), rowOf(4)])],
    ["place_missing", written([1], [rowOf(1, 6n)])],
    ["party_missing", written([1, 3], [rowOf(1, 6n), { ...rowOf(3), party: zeroAddress }])],
    ["amount_too_large", written([3], [rowOf(3, MAX_MICROS + 1n)])],
    ["party_moved", written([1, 3], [rowOf(2, 6n), rowOf(3)])],
    ["row_unchanged", written([1, 2, 3], [rowOf(1, 6n), rowOf(2), rowOf(3)])],
    ["data_hash_mismatch", written([1, 3], [rowOf(1, 7n), rowOf(3)])],
    ["other_base", written([1, 3], [rowOf(1, 6n), rowOf(3)], { baseDataHash: header.dataHash })],
  ] as const) {
    it(`with a fault, at ${bytes.length} bytes: is rejected as ${reason}`, async () => {
      const applied = readDifference(inPieces(bytes)).then((difference) =>
        applyDifference(rowsToBytes(base), difference),
      );
      expect(await reasonOf(applied)).to.equal(reason);
    });
  }

  it("has the size that differenceBytes computes", () => {
    expect(right).to.have.length(84 + 2 * (4 + ROW_BYTES));
  });
});

function isEqual(a: Row | undefined, b: Row | undefined): boolean {
  return a?.spent === b?.spent && a?.refunded === b?.refunded && a?.earned === b?.earned;
}
