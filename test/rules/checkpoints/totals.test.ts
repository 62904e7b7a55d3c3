import { expect } from "chai";
import * as fc from "fast-check";

import { NO_TOTALS, totalsOf, findViolations } from "@compute-credits/rules/checkpoints/totals";
import { anyRow } from "../../fixtures/arbitraries.ts";

const terms = { maxFeeBps: 1_000n };
const before = { spent: 100n, refunded: 50n, earned: 95n };

describe("findViolations", () => {
  for (const [what, next] of [
    ["nothing changed", before],
    ["the fee is exactly the maximum", { spent: 200n, refunded: 50n, earned: 180n }],
    ["the new spending has no fee", { spent: 200n, refunded: 50n, earned: 195n }],
  ] as const) {
    it(`when ${what}: finds nothing`, () => {
      expect(findViolations(before, next, terms)).to.deep.equal([]);
    });
  }

  const broken = [
    ["I3: total spent falls", { spent: 99n, refunded: 50n, earned: 95n }],
    ["I3: total refunded falls", { spent: 100n, refunded: 49n, earned: 95n }],
    ["I3: total earned falls", { spent: 100n, refunded: 50n, earned: 94n }],
    ["I2: earned 201 exceeds spent 200", { spent: 200n, refunded: 50n, earned: 201n }],
    ["I2: the fee 21 exceeds 1000 basis points", { spent: 200n, refunded: 50n, earned: 179n }],
    ["I3: the total fee falls from 5 to 4", { spent: 200n, refunded: 50n, earned: 196n }],
  ] as const;
  for (const [text, next] of broken) {
    it(`finds "${text}", which the contract would reject`, () => {
      const found = findViolations(before, next, terms);
      expect(
        found.some((each) => each.startsWith(text)),
        found.join("; "),
      ).to.equal(true);
    });
  }

  it("with several violations: reports all of them", () => {
    const next = { spent: 0n, refunded: 0n, earned: 2_000n };
    expect(findViolations(before, next, terms)).to.have.length.greaterThan(2);
  });
});

describe("totalsOf", () => {
  it("with any rows: is their sum", () => {
    fc.assert(
      fc.property(fc.array(anyRow), (rows) => {
        const { spent, refunded, earned } = totalsOf(rows);
        expect(spent).to.equal(rows.reduce((sum, row) => sum + row.spent, 0n));
        expect(refunded).to.equal(rows.reduce((sum, row) => sum + row.refunded, 0n));
        expect(earned).to.equal(rows.reduce((sum, row) => sum + row.earned, 0n));
      }),
    );
    expect(totalsOf([])).to.deep.equal(NO_TOTALS);
  });
});
