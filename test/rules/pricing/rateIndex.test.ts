import { expect } from "chai";
import * as fc from "fast-check";
import type { Address } from "viem";

import { type Rate, matches, specificity } from "@compute-credits/rules/pricing/rate";
import { type RateCard, ambiguousPair } from "@compute-credits/rules/pricing/rateCard";
import { findRate, indexRates, ratesInForce } from "@compute-credits/rules/pricing/rateIndex";
import { rateKey } from "@compute-credits/rules/pricing/rateKey";
import { party } from "../../fixtures/ledger.ts";
import { cardOf, fixedRate } from "../../fixtures/rates.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

const [provider, other] = [party(1), party(2)];
const JANUARY = new Date("2026-01-01T00:00:00Z");
const FEBRUARY = new Date("2026-02-01T00:00:00Z");
const MARCH = new Date("2026-03-01T00:00:00Z");
const units = { provider, meter: "units", dimensions: {} };

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

const anyRates: fc.Arbitrary<readonly Rate[]> = fc
  .array(
    fc
      .record({ meter: fc.constantFrom("gpu.seconds", "requests"), dimensions: anyDimensions })
      .map((fields): Rate => fixedRate(fields)),
    { maxLength: 6 },
  )
  .filter((rates) => ambiguousPair(rates) === null);

const anyCards: fc.Arbitrary<readonly RateCard[]> = fc
  .array(
    fc.record({
      provider: fc.constantFrom(null, provider, other),
      effectiveFrom: fc.integer({ min: 0, max: 20 }).map((day) => new Date(Date.UTC(2026, 0, day))),
      rates: anyRates,
    }),
    { maxLength: 8 },
  )
  .map((cards) => cards.map((card, index) => ({ ...card, version: index + 1 })))
  // Adds one card at a time, as the database reads them.
  .filter(
    (cards) =>
      new Set(cards.map((c) => `${c.provider}${c.effectiveFrom.getTime()}`)).size === cards.length,
  );

/** The model: scans all cards and rates. */
function findByWalking(cards: readonly RateCard[], query: typeof units, at: Date) {
  const inForce = (publisher: string | null) =>
    cards
      .filter((card) => card.provider === publisher && card.effectiveFrom <= at)
      .toSorted((a, b) => a.effectiveFrom.getTime() - b.effectiveFrom.getTime())
      .at(-1);
  const own = inForce(query.provider);
  const card = own?.rates.some(({ meter }) => meter === query.meter) === true ? own : inForce(null);
  return card?.rates
    .filter((rate) => rate.meter === query.meter && matches(rate, query.dimensions))
    .toSorted((a, b) => specificity(b) - specificity(a))[0];
}

describe("findRate", () => {
  it("with cards added in any order and steps: finds what a scan of all cards finds", () => {
    const anyDay = fc.integer({ min: 0, max: 25 }).map((day) => new Date(Date.UTC(2026, 0, day)));
    const anyMeter = fc.constantFrom("gpu.seconds", "requests");
    fc.assert(
      fc.property(
        anyCards,
        fc.nat(8),
        anyDimensions,
        anyMeter,
        anyDay,
        (cards, cut, dimensions, meter, at) => {
          const index = indexRates(cards.slice(cut), indexRates(cards.slice(0, cut)));
          const found = findRate(index, { provider, meter, dimensions }, at);
          const expected = findByWalking(cards, { provider, meter, dimensions }, at);
          expect(typeof found === "string" ? undefined : found.rate).to.equal(expected);
        },
      ),
      { numRuns: propertyRuns(1_000) },
    );
  });

  context("when there are several versions", () => {
    const index = indexRates([
      cardOf(3, [fixedRate({ microCredits: 30n })], { effectiveFrom: MARCH }),
      cardOf(1, [fixedRate({ microCredits: 10n })], { effectiveFrom: JANUARY }),
      cardOf(2, [fixedRate({ microCredits: 20n })], { effectiveFrom: FEBRUARY }),
    ]);
    for (const [at, version] of [
      ["2026-01-01T00:00:00.000Z", 1],
      ["2026-01-31T23:59:59.999Z", 1],
      ["2026-02-01T00:00:00.000Z", 2],
      ["2026-02-28T23:59:59.999Z", 2],
      ["2027-01-01T00:00:00.000Z", 3],
    ] as const) {
      it(`at ${at}: finds version ${version}`, () => {
        expect(findRate(index, units, new Date(at))).to.have.nested.property(
          "card.version",
          version,
        );
      });
    }

    it("before the first card: finds nothing", () => {
      const at = new Date("2025-12-31T23:59:59.999Z");
      expect(findRate(index, units, at)).to.equal("no_rate_card_in_force");
    });
  });

  context("when a provider has a card of its own", () => {
    const index = indexRates([
      cardOf(1, [fixedRate(), fixedRate({ meter: "requests" })], { effectiveFrom: JANUARY }),
      cardOf(2, [fixedRate({ dimensions: { gpu: "L4" } })], { provider, effectiveFrom: FEBRUARY }),
    ]);
    const at = new Date("2026-02-02");

    it("uses its rates for its meters, and the operator's for all others", () => {
      const l4 = { ...units, dimensions: { gpu: "L4" } };
      expect(findRate(index, l4, at)).to.have.nested.property("card.version", 2);
      expect(findRate(index, { ...units, meter: "requests" }, at)).to.have.nested.property(
        "card.version",
        1,
      );
      expect(ratesInForce(index, provider, at).map(({ key }) => key)).to.deep.equal([
        `${provider}:units;gpu=L4`,
        "operator:requests",
      ]);
    });

    it("with a meter on the provider's card: does not fall back to the operator's rates", () => {
      expect(findRate(index, units, at)).to.equal("no_matching_rate");
    });

    it("with other providers, or before its start: uses the operator's card", () => {
      expect(findRate(index, { ...units, provider: other }, at)).to.have.nested.property(
        "card.version",
        1,
      );
      expect(findRate(index, units, new Date("2026-01-15"))).to.have.nested.property(
        "card.version",
        1,
      );
    });

    it("distinguishes an unknown meter from a missing card", () => {
      expect(findRate(index, { ...units, meter: "magic" }, at)).to.equal("unknown_meter");
      const own = indexRates([cardOf(1, [fixedRate()], { provider })]);
      expect(findRate(own, { ...units, meter: "magic" }, at)).to.equal("unknown_meter");
      expect(findRate(own, { ...units, provider: other }, at)).to.equal("no_rate_card_in_force");
    });
  });
});

interface Subject {
  readonly publisher: Address | null;
  readonly meter: string;
  readonly dimensions: Record<string, string>;
}

describe("rateKey", () => {
  it("is equal for equal rates, and different for all others", () => {
    const anyValue = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 4 });
    const anySubject: fc.Arbitrary<Subject> = fc.record({
      publisher: fc.constantFrom(null, provider, other),
      meter: fc.constantFrom("gpu.seconds", "gpu", "requests"),
      dimensions: fc.dictionary(fc.constantFrom("gpu", "tier", "g"), anyValue),
    });
    const identity = ({ publisher, meter, dimensions }: Subject) =>
      JSON.stringify([
        publisher,
        meter,
        Object.entries(dimensions).toSorted(([x], [y]) => (x < y ? -1 : 1)),
      ]);
    fc.assert(
      fc.property(anySubject, anySubject, (a, b) => {
        const [keyA, keyB] = [a, b].map((each) => rateKey(each.publisher, each));
        expect(keyA === keyB).to.equal(identity(a) === identity(b));
      }),
      { numRuns: propertyRuns(1_000) },
    );
  });

  it("is readable", () => {
    const spot = fixedRate({
      meter: "gpu.seconds",
      dimensions: { tier: "spot", gpu: "H100 80=G;" },
    });
    expect(rateKey(null, spot)).to.equal("operator:gpu.seconds;gpu=H100%2080%3DG%3B;tier=spot");
  });
});
