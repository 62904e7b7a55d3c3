import { expect } from "chai";
import * as fc from "fast-check";

import { fromPinnedRate, toPinnedRate } from "@compute-credits/rules/pricing/pinnedRateJson";
import {
  type PinnedRate,
  pinRate,
  pricePinned,
  pricePinnedPart,
} from "@compute-credits/rules/pricing/pinnedRate";
import { priceBasisOf, recomputePrice } from "@compute-credits/rules/pricing/priceBasis";
import type { Rate, Tier } from "@compute-credits/rules/pricing/rate";
import { party } from "../../fixtures/ledger.ts";
import {
  anyPerUnits,
  anyQuantity,
  anyRate,
  anyTiers,
  cardOf,
  dynamicRate,
  fixedRate,
  tieredRate,
} from "../../fixtures/rates.ts";

interface Facts {
  readonly usedUnits?: bigint;
  readonly multiplierBps?: bigint | null;
}

function found(rate: Rate) {
  return { card: cardOf(7, [rate]), rate, key: "operator:units" };
}

function pin(rate: Rate, quantity: bigint, { usedUnits = 0n, multiplierBps = null }: Facts = {}) {
  return pinRate(found(rate), quantity, {
    account: party(1),
    monthOf: () => "2026-11",
    usedUnits: () => usedUnits,
    multiplierBps: () => multiplierBps,
  });
}

function cost(rate: Rate, quantity: bigint, facts: Facts = {}): bigint {
  return pricePinned(pin(rate, quantity, facts), quantity);
}

/** The model: the sum of all units' prices before the division, unit by unit. */
function priceOfUnit(tiers: readonly Tier[], unit: bigint): bigint {
  const tier = tiers.find(({ upTo }) => upTo === null || unit <= upTo);
  if (tier === undefined) throw new Error("the last tier has no end");
  return tier.microCredits;
}

function expectRoundedUp(costMicros: bigint, dividend: bigint, divisor: bigint): void {
  expect(costMicros * divisor >= dividend, "under the rate").to.equal(true);
  expect((costMicros - 1n) * divisor < dividend, "a micro-credit too much").to.equal(true);
}

const anyPinned: fc.Arbitrary<PinnedRate> = fc
  .record({
    rate: anyRate,
    quantity: anyQuantity,
    usedUnits: anyQuantity,
    multiplierBps: fc.option(fc.bigInt({ min: 1n, max: 100_000n })),
  })
  .map(({ rate, quantity, ...facts }) => pin(rate, quantity, facts));

describe("pricing by pinned rates", () => {
  context("when the rate is fixed", () => {
    it("rounds up once: at or above the exact price by less than one micro-credit", () => {
      fc.assert(
        fc.property(anyQuantity, anyQuantity, anyPerUnits, (microCredits, quantity, perUnits) => {
          const costMicros = cost(fixedRate({ microCredits, perUnits }), quantity);
          expectRoundedUp(costMicros, quantity * microCredits, perUnits);
        }),
      );
    });
  });

  context("when the rate is graduated", () => {
    const rate = tieredRate("graduated", [
      [100n, 10n],
      [1_000n, 8n],
      [null, 5n],
    ]);

    for (const [usedUnits, quantity, costMicros] of [
      [0n, 0n, 0n],
      [0n, 100n, 1_000n],
      [0n, 101n, 1_008n],
      [99n, 2n, 18n],
      [100n, 1n, 8n],
      [0n, 1_001n, 1_000n + 7_200n + 5n],
      [1_000n, 3n, 15n],
      [5_000n, 3n, 15n],
    ] as const) {
      it(`costs ${costMicros} for ${quantity} units after ${usedUnits}`, () => {
        expect(cost(rate, quantity, { usedUnits })).to.equal(costMicros);
      });
    }

    it("prices each unit by its tier and rounds up once", () => {
      const few = fc.bigInt({ min: 0n, max: 300n });
      const smallTiers = anyTiers.map((tiers) =>
        tiers.map(({ upTo, ...tier }) => ({
          ...tier,
          upTo: upTo === null ? null : upTo / 10n + 1n,
        })),
      );
      fc.assert(
        fc.property(smallTiers, anyPerUnits, few, few, (tiers, perUnits, usedUnits, quantity) => {
          let dividend = 0n;
          for (let unit = usedUnits + 1n; unit <= usedUnits + quantity; unit++) {
            dividend += priceOfUnit(tiers, unit);
          }
          const costMicros = cost(tieredRate("graduated", [], { tiers, perUnits }), quantity, {
            usedUnits,
          });
          expectRoundedUp(costMicros, dividend, perUnits);
        }),
      );
    });

    it("with usage split into events: costs the same within one micro-credit per event", () => {
      fc.assert(
        fc.property(
          anyTiers,
          anyPerUnits,
          fc.array(anyQuantity, { minLength: 1, maxLength: 6 }),
          (tiers, perUnits, quantities) => {
            const split = tieredRate("graduated", [], { tiers, perUnits });
            let usedUnits = 0n;
            let sum = 0n;
            for (const quantity of quantities) {
              sum += cost(split, quantity, { usedUnits });
              usedUnits += quantity;
            }
            const whole = cost(split, usedUnits);
            expect(sum >= whole && sum < whole + BigInt(quantities.length)).to.equal(true);
          },
        ),
      );
    });
  });

  context("when the rate is by volume", () => {
    const rate = tieredRate("volume", [
      [100n, 10n],
      [1_000n, 8n],
      [null, 5n],
    ]);

    for (const [usedUnits, quantity, costMicros] of [
      [0n, 100n, 1_000n],
      [0n, 101n, 808n],
      [99n, 1n, 10n],
      [99n, 2n, 16n],
      [1_000n, 0n, 0n],
      [999n, 2n, 10n],
    ] as const) {
      it(`costs ${costMicros} for ${quantity} units after ${usedUnits}`, () => {
        expect(cost(rate, quantity, { usedUnits })).to.equal(costMicros);
      });
    }

    it("prices the whole event by the tier of the month's total including it, and rounds up once", () => {
      fc.assert(
        fc.property(
          anyTiers,
          anyPerUnits,
          anyQuantity,
          anyQuantity,
          (tiers, perUnits, usedUnits, quantity) => {
            const costMicros = cost(tieredRate("volume", [], { tiers, perUnits }), quantity, {
              usedUnits,
            });
            const ofUnit = priceOfUnit(tiers, usedUnits + quantity);
            expectRoundedUp(costMicros, quantity * ofUnit, perUnits);
          },
        ),
      );
    });
  });

  context("when the rate is dynamic", () => {
    it("multiplies exactly and rounds up once", () => {
      const bps = fc.bigInt({ min: 5_000n, max: 40_000n });
      fc.assert(
        fc.property(
          anyQuantity,
          anyQuantity,
          anyPerUnits,
          bps,
          (micros, quantity, perUnits, multiplierBps) => {
            const rate = dynamicRate({}, { microCredits: micros, perUnits });
            const costMicros = cost(rate, quantity, { multiplierBps });
            expectRoundedUp(costMicros, quantity * micros * multiplierBps, perUnits * 10_000n);
          },
        ),
      );
    });

    it("starts at startBps, and stays within bounds that were narrowed later", () => {
      const rate = dynamicRate({ startBps: 12_000n, maxBps: 15_000n }, { microCredits: 10n });
      expect(cost(rate, 10n)).to.equal(120n);
      expect(cost(rate, 10n, { multiplierBps: 39_000n })).to.equal(150n);
      expect(cost(rate, 10n, { multiplierBps: 1n })).to.equal(50n);
    });
  });

  context("when it is stored with a hold", () => {
    it("with less usage than held: costs no more, for any kind", () => {
      fc.assert(
        fc.property(
          anyRate,
          anyQuantity,
          anyQuantity,
          anyQuantity,
          (rate, usedUnits, one, other) => {
            const [less, held] = one < other ? [one, other] : [other, one];
            const pinned = pin(rate, held, { usedUnits });
            expect(pricePinned(pinned, less) <= pricePinned(pinned, held)).to.equal(true);
          },
        ),
      );
    });

    it("in parts: costs exactly what the whole costs", () => {
      fc.assert(
        fc.property(anyPinned, fc.array(anyQuantity, { maxLength: 6 }), (pinned, parts) => {
          let usedUnits = 0n;
          let sum = 0n;
          for (const quantity of parts) {
            const part = pricePinnedPart(pinned, { usedUnits, quantity });
            expect(part >= 0n).to.equal(true);
            sum += part;
            usedUnits += quantity;
          }
          expect(sum).to.equal(pricePinned(pinned, usedUnits));
        }),
      );
    });

    it("is read from JSON as it was written", () => {
      fc.assert(
        fc.property(anyPinned, (pinned) => {
          expect(toPinnedRate(JSON.parse(fromPinnedRate(pinned)))).to.deep.equal(pinned);
        }),
      );
    });
  });

  it("is recomputed from the card and the stored price basis", () => {
    fc.assert(
      fc.property(
        anyRate,
        anyQuantity,
        anyQuantity,
        anyQuantity,
        fc.bigInt({ min: 1n, max: 100_000n }),
        (rate, quantity, usedUnits, before, multiplierBps) => {
          const pinned = pin(rate, quantity, { usedUnits, multiplierBps });
          const again = recomputePrice(found(rate), priceBasisOf(pinned, before), quantity);
          expect(again).to.equal(pricePinnedPart(pinned, { usedUnits: before, quantity }));
        },
      ),
    );
  });
});
