import { expect } from "chai";
import * as fc from "fast-check";
import type { Address } from "viem";

import { compareOffers, rankOffers } from "@compute-credits/rules/market/rankOffers";
import { indexRates } from "@compute-credits/rules/pricing/rateIndex";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import { anyAddress } from "../../fixtures/arbitraries.ts";
import { party } from "../../fixtures/ledger.ts";
import { cardOf, fixedRate, tieredRate } from "../../fixtures/rates.ts";

const AT = new Date("2026-01-31T12:00:00Z");
const [first, second, third] = [party(1), party(2), party(3)];

function state(cards: Readonly<Record<Address, readonly Rate[]>>, operators: readonly Rate[] = []) {
  const all = [first, second, third].flatMap((provider, index) => {
    const rates = cards[provider];
    return rates === undefined ? [] : [cardOf(index + 2, rates, { provider })];
  });
  const rates = indexRates([cardOf(1, operators), ...all]);
  return { rates, usedUnits: new Map<string, bigint>(), multipliers: new Map<string, bigint>() };
}

const h100 = (microCredits: bigint) =>
  fixedRate({ meter: "gpu.seconds", dimensions: { gpu: "H100" }, microCredits });
const anyGpu = (microCredits: bigint) => fixedRate({ meter: "gpu.seconds", microCredits });
const HOUR = [{ meter: "gpu.seconds", quantity: 3_600n, dimensions: { gpu: "H100" } }];

describe("rankOffers", () => {
  it("sorts by the total, and equal totals by the address", () => {
    const cards = { [third]: [h100(1n)], [second]: [h100(2n)], [first]: [h100(2n)] };
    const ranked = rankOffers(HOUR, [first, second, third], {
      state: state(cards),
      at: AT,
      match: "named",
    });
    expect(ranked.map(({ provider, totalMicros }) => [provider, totalMicros])).to.deep.equal([
      [third, 3_600n],
      [first, 7_200n],
      [second, 7_200n],
    ]);
  });

  it("with a cheap rate for any GPU: is no offer of an H100, unless asked for", () => {
    const cards = { [first]: [anyGpu(1n)], [second]: [h100(5n), anyGpu(1n)] };
    const rank = (match: "named" | "charged") =>
      rankOffers(HOUR, [first, second], { state: state(cards), at: AT, match }).map(
        ({ provider, totalMicros }) => [provider, totalMicros],
      );
    expect(rank("named")).to.deep.equal([[second, 18_000n]]);
    expect(rank("charged")).to.deep.equal([
      [first, 3_600n],
      [second, 18_000n],
    ]);
  });

  it("without a price for one line of the basket: the provider is left out", () => {
    const basket = [...HOUR, { meter: "storage", quantity: 1n, dimensions: {} }];
    const cards = { [first]: [h100(1n)], [second]: [h100(9n), fixedRate({ meter: "storage" })] };
    const ranked = rankOffers(basket, [first, second], {
      state: state(cards),
      at: AT,
      match: "named",
    });
    expect(ranked.map(({ provider }) => provider)).to.deep.equal([second]);
  });

  it("with the operator's tiers: no provider's price counts another's lines", () => {
    const tiers = tieredRate(
      "graduated",
      [
        [100n, 10n],
        [null, 1n],
      ],
      { meter: "work" },
    );
    const basket = [
      { meter: "work", quantity: 100n, dimensions: {} },
      { meter: "work", quantity: 100n, dimensions: {} },
    ];
    const ranked = rankOffers(basket, [first, second], {
      state: state({}, [tiers]),
      at: AT,
      match: "named",
    });
    expect(ranked.map(({ totalMicros }) => totalMicros)).to.deep.equal([1_100n, 1_100n]);
  });

  it("rounds each line up by itself, as events are", () => {
    const third3 = fixedRate({ meter: "work", microCredits: 1n, perUnits: 3n });
    const basket = Array.from({ length: 3 }, () => ({
      meter: "work",
      quantity: 1n,
      dimensions: {},
    }));
    const [offer] = rankOffers(basket, [first], {
      state: state({ [first]: [third3] }),
      at: AT,
      match: "named",
    });
    expect(offer?.totalMicros).to.equal(3n);
  });

  it("orders totally: antisymmetric, transitive, and equal only for the same place", () => {
    const anyPlace = fc.record({ totalMicros: fc.bigInt(0n, 3n), provider: anyAddress });
    fc.assert(
      fc.property(anyPlace, anyPlace, anyPlace, (a, b, c) => {
        expect(Math.sign(compareOffers(a, b))).to.equal(-Math.sign(compareOffers(b, a)) + 0);
        if (compareOffers(a, b) <= 0 && compareOffers(b, c) <= 0) {
          expect(compareOffers(a, c)).to.be.at.most(0);
        }
        const isSame = a.totalMicros === b.totalMicros && a.provider === b.provider;
        expect(compareOffers(a, b) === 0).to.equal(isSame);
      }),
    );
  });
});
