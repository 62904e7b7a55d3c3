import { expect } from "chai";
import * as fc from "fast-check";
import { type Address, numberToHex } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import { rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { compareTables } from "../../dashboard/chain/rows/compareTables.ts";
import { RowTable } from "../../dashboard/chain/rows/rowTable.ts";
import { propertyRuns } from "../fixtures/effort.ts";

const partyOf = (place: number): Address => numberToHex(place + 1, { size: 20 });

function row(place: number, spent = 0n, earned = 0n): Row {
  return { party: partyOf(place), spent, refunded: 0n, earned };
}

const compare = (before: readonly Row[], after: readonly Row[]) =>
  compareTables(rowsToBytes(before), rowsToBytes(after));

describe("the comparison of two tables", () => {
  it("finds exactly the rows that changed or are new", () => {
    const amount = fc.bigInt({ min: 0n, max: 2n ** 50n });
    fc.assert(
      fc.property(
        fc.array(amount, { maxLength: 30 }),
        fc.array(amount, { maxLength: 30 }),
        fc.array(amount, { maxLength: 5 }),
        (base, more, added) => {
          const before = base.map((spent, place) => row(place, spent));
          const after = [
            ...base.map((spent, place) => row(place, spent + (more[place] ?? 0n))),
            ...added.map((spent, index) => row(base.length + index, spent)),
          ];
          const expected = after.flatMap(({ spent }, place) =>
            place >= base.length || spent !== base[place] ? [place] : [],
          );
          const found = compare(before, after);
          expect([...found.changed]).to.deep.equal(expected);
          expect(found.added).to.equal(added.length);
          expect(found.impossible).to.deep.equal([]);
          expect(found.chargedMore).to.equal(
            after.filter(({ spent }, place) => spent > (base[place] ?? 0n)).length,
          );
        },
      ),
      { numRuns: propertyRuns(200) },
    );
  });

  it("tells of a number that fell, a party that moved, and a row that is gone", () => {
    const before = [row(0, 5n), row(1, 5n), row(2, 5n, 3n), row(3)];
    const after = [row(0, 4n), { ...row(1, 9n), party: partyOf(7) }, row(2, 6n, 2n)];
    expect(compare(before, after)).to.deep.include({
      impossible: [
        { place: 0, what: "fell" },
        { place: 1, what: "moved" },
        { place: 2, what: "fell" },
        { place: 3, what: "gone" },
      ],
      chargedMore: 1,
    });
  });

  it("keeps rows that arrive in parts, and finds a party among them", () => {
    const rows = Array.from({ length: 60_000 }, (_, place) => row(place, BigInt(place)));
    const table = new RowTable();
    for (let at = 0; at < rows.length; at += 4_096) {
      table.push(rowsToBytes(rows.slice(at, at + 4_096)));
    }
    expect(table.rowCount).to.equal(60_000);
    expect(table.bytes).to.deep.equal(rowsToBytes(rows));
    expect(table.placeOf(partyOf(59_999))).to.equal(59_999);
    expect(table.placeOf(partyOf(60_000))).to.equal(-1);
  });
});
