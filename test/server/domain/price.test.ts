import { expect } from "chai";
import * as fc from "fast-check";

import { MAX_MICROS } from "../../../protocol/amounts.ts";
import { feeOf, price } from "../../../server/domain/rates/price.ts";
import {
  type Rate,
  type RateCard,
  ambiguousPair,
  matches,
  specificity,
} from "../../../server/domain/rates/rateCard.ts";

const JANUARY = new Date("2026-01-01T00:00:00Z");
const FEBRUARY = new Date("2026-02-01T00:00:00Z");
const MARCH = new Date("2026-03-01T00:00:00Z");

const anyMicros = fc.oneof(
  fc.bigInt({ min: 0n, max: 1_000n }),
  fc.bigInt({ min: 0n, max: MAX_MICROS }),
);
const anyUnits = fc.oneof(
  fc.bigInt({ min: 1n, max: 1_000n }),
  fc.bigInt({ min: 1n, max: MAX_MICROS }),
);

/** Few names and few values, so that rates meet; one name is that of a property that every object has. */
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

const anyRate: fc.Arbitrary<Rate> = fc.record({
  meter: fc.constantFrom("gpu.seconds", "requests"),
  dimensions: anyDimensions,
  microCredits: fc.bigInt({ min: 0n, max: 1_000_000n }),
  perUnits: fc.bigInt({ min: 1n, max: 1_000n }),
});

function rate(fields: Partial<Rate>): Rate {
  return { meter: "units", dimensions: {}, microCredits: 1n, perUnits: 1n, ...fields };
}

function card(version: number, effectiveFrom: Date, ...rates: readonly Rate[]): RateCard {
  return { version, effectiveFrom, rates };
}

function measured(quantity: bigint, fields: { meter?: string; occurredAt?: Date } = {}) {
  return { meter: "units", quantity, dimensions: {}, occurredAt: FEBRUARY, ...fields };
}

describe("price", () => {
  it("never pays a provider under its rate, and costs the payer under one micro-credit more", () => {
    fc.assert(
      fc.property(anyMicros, anyUnits, anyMicros, (microCredits, perUnits, quantity) => {
        const cards = [card(1, JANUARY, rate({ microCredits, perUnits }))];
        const exact = quantity * microCredits;
        const priced = price(cards, measured(quantity));
        if ("refusal" in priced) {
          expect(priced.refusal).to.equal("quantity_too_large");
          expect(exact > MAX_MICROS * perUnits).to.equal(true);
        } else {
          expect(priced.costMicros * perUnits >= exact).to.equal(true);
          expect((priced.costMicros - 1n) * perUnits < exact).to.equal(true);
          expect(priced.costMicros <= MAX_MICROS).to.equal(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  for (const [quantity, microCredits, perUnits, costMicros] of [
    [0n, 1_389n, 1_000n, 0n],
    [1n, 1_389n, 1_000n, 2n],
    [1_000n, 1_389n, 1_000n, 1_389n],
    [1_001n, 1_389n, 1_000n, 1_391n],
    [5n, 0n, 1n, 0n],
    [MAX_MICROS, 1n, 1n, MAX_MICROS],
  ] as const) {
    it(`is ${costMicros} for ${quantity} units at ${microCredits} per ${perUnits}`, () => {
      const cards = [card(1, JANUARY, rate({ microCredits, perUnits }))];
      expect(price(cards, measured(quantity))).to.deep.equal({ costMicros, rateCardVersion: 1 });
    });
  }

  it("refuses the first quantity that costs more than can exist", () => {
    const cards = [card(1, JANUARY, rate({ microCredits: 2n }))];
    expect(price(cards, measured(MAX_MICROS / 2n + 1n))).to.deep.equal({
      refusal: "quantity_too_large",
    });
  });

  context("when there are several rate cards", () => {
    const cards = [
      card(3, MARCH, rate({ microCredits: 30n })),
      card(1, JANUARY, rate({ microCredits: 10n })),
      card(2, FEBRUARY, rate({ microCredits: 20n })),
    ];

    for (const [occurredAt, version] of [
      ["2026-01-01T00:00:00.000Z", 1],
      ["2026-01-31T23:59:59.999Z", 1],
      ["2026-02-01T00:00:00.000Z", 2],
      ["2026-02-28T23:59:59.999Z", 2],
      ["2027-01-01T00:00:00.000Z", 3],
    ] as const) {
      it(`takes version ${version} for what occurred at ${occurredAt}`, () => {
        expect(price(cards, measured(1n, { occurredAt: new Date(occurredAt) }))).to.deep.equal({
          costMicros: BigInt(version) * 10n,
          rateCardVersion: version,
        });
      });
    }

    it("prices nothing that occurred before the first", () => {
      const occurredAt = new Date("2025-12-31T23:59:59.999Z");
      expect(price(cards, measured(1n, { occurredAt }))).to.deep.equal({
        refusal: "no_rate_card_in_force",
      });
    });
  });

  it("tells an unknown meter from dimensions without a rate", () => {
    const cards = [card(1, JANUARY, rate({ dimensions: { gpu: "H100" } }))];
    expect(price(cards, measured(1n, { meter: "magic" }))).to.deep.equal({
      refusal: "unknown_meter",
    });
    expect(price(cards, measured(1n))).to.deep.equal({ refusal: "no_matching_rate" });
  });

  it("takes the most specific rate that matches, whatever the order in the card", () => {
    fc.assert(
      fc.property(
        fc.array(anyRate, { maxLength: 6 }).filter((rates) => ambiguousPair(rates) === null),
        anyDimensions,
        fc.constantFrom("gpu.seconds", "requests"),
        (rates, dimensions, meter) => {
          const event = { meter, quantity: 7n, dimensions, occurredAt: FEBRUARY };
          const forward = price([card(1, JANUARY, ...rates)], event);
          expect(price([card(1, JANUARY, ...rates.toReversed())], event)).to.deep.equal(forward);

          const fitting = rates.filter((r) => r.meter === meter && matches(r, dimensions));
          const most = Math.max(...fitting.map(specificity));
          const best = fitting.filter((r) => specificity(r) === most);
          expect(best).to.have.length(fitting.length === 0 ? 0 : 1);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("ambiguousPair", () => {
  it("names two rates only where an event exists that fits both equally well", () => {
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
      { numRuns: 500 },
    );
  });

  it("finds two rates that say the same, and two on different dimensions", () => {
    const [plain, h100, spot] = [
      rate({}),
      rate({ dimensions: { gpu: "H100" } }),
      rate({ dimensions: { tier: "spot" } }),
    ];
    expect(ambiguousPair([plain, h100, plain])).to.deep.equal([plain, plain]);
    expect(ambiguousPair([plain, h100, spot])).to.deep.equal([h100, spot]);
  });

  it("is not misled by a dimension that is named like a property of every object", () => {
    const [named, h100] = [
      rate({ dimensions: { constructor: "a" } }),
      rate({ dimensions: { gpu: "H100" } }),
    ];
    expect(ambiguousPair([named, h100])).to.deep.equal([named, h100]);
  });

  it("leaves other meters, other values and other specificity alone", () => {
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
  it("rounds down, by under one micro-credit", () => {
    fc.assert(
      fc.property(anyMicros, fc.bigInt({ min: 0n, max: 10_000n }), (amountMicros, feeBps) => {
        const fee = feeOf(amountMicros, feeBps);
        expect(fee * 10_000n <= amountMicros * feeBps).to.equal(true);
        expect((fee + 1n) * 10_000n > amountMicros * feeBps).to.equal(true);
      }),
    );
  });

  it("never exceeds its part of any sum of charges (I2)", () => {
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
