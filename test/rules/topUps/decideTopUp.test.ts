import { expect } from "chai";
import * as fc from "fast-check";

import { type TopUpTerms, decideTopUp } from "@compute-credits/rules/topUps/decideTopUp";
import { repeated } from "../../fixtures/effort.ts";

const TERMS: TopUpTerms = {
  perTopUpMicros: 10n,
  belowMicros: 20n,
  runwayBelowSeconds: 3_600n,
  targetMicros: 50n,
};
const rest = { secondsToZero: null, isFilling: false };

const micros = fc.bigInt({ min: 1n, max: 10n ** 12n });
const anyTerms = fc
  .record({
    perTopUpMicros: micros,
    belowMicros: micros,
    above: micros,
    runwayBelowSeconds: fc.option(fc.bigInt({ min: 60n, max: 10n ** 7n })),
  })
  .map(({ above, ...terms }) => ({
    ...terms,
    targetMicros: terms.belowMicros + terms.perTopUpMicros + above,
  }));

describe("decideTopUp", () => {
  it("begins below the threshold, and not at it", () => {
    expect(decideTopUp(TERMS, { ...rest, availableMicros: 19n }).isDue).to.equal(true);
    expect(decideTopUp(TERMS, { ...rest, availableMicros: 20n }).isDue).to.equal(false);
  });

  it("begins when the credits do not last, and not if that does not count", () => {
    const short = { ...rest, availableMicros: 30n, secondsToZero: 3_599n };
    expect(decideTopUp(TERMS, short).isDue).to.equal(true);
    expect(decideTopUp(TERMS, { ...short, secondsToZero: 3_600n }).isDue).to.equal(false);
    expect(decideTopUp({ ...TERMS, runwayBelowSeconds: null }, short).isDue).to.equal(false);
  });

  it("goes on above the threshold until one more would pass the target", () => {
    const filling = { ...rest, isFilling: true };
    expect(decideTopUp(TERMS, { ...filling, availableMicros: 40n })).to.deep.equal({
      isDue: true,
      isFilling: true,
    });
    expect(decideTopUp(TERMS, { ...filling, availableMicros: 41n })).to.deep.equal({
      isDue: false,
      isFilling: false,
    });
  });

  it("never leads above the target, and ends within one top-up of it", () => {
    fc.assert(
      fc.property(anyTerms, fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), (terms, start) => {
        let availableMicros = start;
        let isFilling = false;
        const needed = (terms.targetMicros - start) / terms.perTopUpMicros;
        fc.pre(needed < 1_000n);
        for (let i = 0n; i <= needed + 1n; i += 1n) {
          const decided = decideTopUp(terms, { availableMicros, secondsToZero: null, isFilling });
          isFilling = decided.isFilling;
          if (!decided.isDue) break;
          availableMicros += terms.perTopUpMicros;
          expect(availableMicros <= terms.targetMicros).to.equal(true);
        }
        expect(isFilling).to.equal(false);
        if (start < terms.belowMicros) {
          expect(availableMicros + terms.perTopUpMicros > terms.targetMicros).to.equal(true);
        } else expect(availableMicros).to.equal(start);
      }),
      { numRuns: repeated(200) },
    );
  });
});
