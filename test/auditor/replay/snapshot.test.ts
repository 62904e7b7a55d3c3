import { expect } from "chai";

import { includesSnapshot, isVisible } from "../../../auditor/replay/snapshot.ts";

describe("a snapshot of the ledger's database", () => {
  it("sees what was committed before it, and nothing in progress or later", () => {
    const seen = [9n, 10n, 11n, 12n, 13n, 14n].map((each) => isVisible("10:14:10,12", each));
    expect(seen).to.deep.equal([true, false, true, false, true, false]);
  });

  for (const [snapshot, older, expected] of [
    ["10:14:", "10:14:", true],
    ["10:14:10,12", "10:14:10,12", true],
    ["10:14:10", "10:14:10,12", true],
    ["15:20:", "10:14:10,12", true],
    // 12 was in progress for the newer one only: no snapshot of one database takes that back.
    ["12:20:12", "10:14:10", false],
    ["10:13:", "10:14:", false],
  ] as const) {
    it(`${snapshot} ${expected ? "includes" : "does not include"} ${older}`, () => {
      expect(includesSnapshot(snapshot, older)).to.equal(expected);
    });
  }
});
