import { expect } from "chai";
import * as fc from "fast-check";

import { MAX_MICROS, formatCredits, parseCredits } from "@compute-credits/protocol/amounts";

describe("amounts", () => {
  it("format and parse to the same amount, for any amount", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_MICROS }), (amountMicros) => {
        expect(parseCredits(formatCredits(amountMicros))).to.equal(amountMicros);
      }),
    );
  });

  for (const [amountMicros, text] of [
    [0n, "0"],
    [1n, "0.000001"],
    [12_500_000n, "12.5"],
    [1_000_000n, "1"],
    [-1_500_000n, "-1.5"],
    [-1n, "-0.000001"],
    [MAX_MICROS, "9223372036854.775807"],
  ] as const) {
    it(`formats ${amountMicros} micro-credits as ${text}`, () => {
      expect(formatCredits(amountMicros)).to.equal(text);
    });
  }

  for (const text of ["", "1.", ".5", "-1", "+1", "1e3", "0.0000001", " 1", "1,5", "0x1", "٣"]) {
    it(`rejects ${JSON.stringify(text)} without rounding or guessing`, () => {
      expect(() => parseCredits(text)).to.throw(RangeError, "is not an amount of credits");
    });
  }
});
