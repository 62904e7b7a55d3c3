import { expect } from "chai";
import * as fc from "fast-check";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import { feeOf, pricedAt } from "@compute-credits/rules/pricing/price";
import { type FixedRate, matches, specificity } from "@compute-credits/rules/pricing/rate";
import { ambiguousPair } from "@compute-credits/rules/pricing/rateCard";
import { propertyRuns } from "../../fixtures/effort.ts";

const anyMicros = fc.oneof(
  fc.bigInt({ min: 0n, max: 1_000n }),
  fc.bigInt({ min: 0n, max: MAX_MICROS }),
);

/** Few names and values, so that rates collide; one is the name of a property of every object. */
const anyDimensions = fc
  .record(
    {
      gpu: fc.constantFrom("H100", "L4"),
      tier: fc.constantFrom("spot", "reserved"),
      constructor: fc.constantFrom("a", "b"),
    },
    { requiredKeys: [] },
  )
  .map((dimensions): Record<string, string> => Object.fromEntries(Object.entries(dimensions)));

const anyRate: fc.Arbitrary<FixedRate> = fc.record({
  meter: fc.constantFrom("gpu.seconds", "requests"),
  dimensions: anyDimensions,
  microCredits: fc.bigInt({ min: 0n, max: 1_000_000n }),
  perUnits: fc.bigInt({ min: 1n, max: 1_000n }),
});

function rate(fields: Partial<FixedRate>): FixedRate {
  return { meter: "units", dimensions: {}, microCredits: 1n, perUnits: 1n, ...fields };
}

describe("pricedAt", () => {
  const [now, before, after] = [new Date(1_000), new Date(999), new Date(1_001)];

  it("is the time of the event, or now if the event is dated in the future", () => {
    expect(pricedAt({ occurredAt: before, now })).to.equal(before);
    expect(pricedAt({ occurredAt: now, now })).to.equal(now);
    expect(pricedAt({ occurredAt: after, now })).to.equal(now);
  });
});

describe("ambiguousPair", () => {
  it("finds two rates only if an event can match both equally well", () => {
    fc.assert(
      fc.property(fc.array(anyRate, { maxLength: 4 }), (rates) => {
        const pair = ambiguousPair(rates);
        if (pair === null) return;
        const [first, second] = pair;
        const event = { ...first.dimensions, ...second.dimensions };
        expect(matches(first, event) && matches(second, event)).to.equal(true);
        expect(first.meter).to.equal(second.meter);
        expect(specificity(first)).to.equal(specificity(second));
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it("finds two equal rates, and two on different dimensions", () => {
    const [plain, h100, spot] = [
      rate({}),
      rate({ dimensions: { gpu: "H100" } }),
      rate({ dimensions: { tier: "spot" } }),
    ];
    expect(ambiguousPair([plain, h100, plain])).to.deep.equal([plain, plain]);
    expect(ambiguousPair([plain, h100, spot])).to.deep.equal([h100, spot]);
  });

  it("with a dimension named like a property of every object: is not misled", () => {
    const [named, h100] = [
      rate({ dimensions: { constructor: "a" } }),
      rate({ dimensions: { gpu: "H100" } }),
    ];
    expect(ambiguousPair([named, h100])).to.deep.equal([named, h100]);
  });

  it("with another meter, value or specificity: finds nothing", () => {
    const rates = [
      rate({}),
      rate({ meter: "requests" }),
      rate({ dimensions: { gpu: "H100" } }),
      rate({ dimensions: { gpu: "L4" } }),
      rate({ dimensions: { gpu: "L4", tier: "spot" } }),
    ];
    expect(ambiguousPair(rates)).to.equal(null);
  });
});

describe("feeOf", () => {
  it("rounds down by less than one micro-credit", () => {
    fc.assert(
      fc.property(anyMicros, fc.bigInt({ min: 0n, max: 10_000n }), (amountMicros, feeBps) => {
        const fee = feeOf(amountMicros, feeBps);
        expect(fee * 10_000n <= amountMicros * feeBps).to.equal(true);
        expect((fee + 1n) * 10_000n > amountMicros * feeBps).to.equal(true);
      }),
    );
  });

  it("never exceeds its share of any sum of charges (I2)", () => {
    fc.assert(
      fc.property(
        fc.array(anyMicros, { maxLength: 50 }),
        fc.bigInt({ min: 0n, max: 10_000n }),
        (amounts, feeBps) => {
          const spent = amounts.reduce((sum, amount) => sum + amount, 0n);
          const fees = amounts.reduce((sum, amount) => sum + feeOf(amount, feeBps), 0n);
          expect(fees * 10_000n <= spent * feeBps).to.equal(true);
          expect(fees <= spent).to.equal(true);
        },
      ),
    );
  });
});
