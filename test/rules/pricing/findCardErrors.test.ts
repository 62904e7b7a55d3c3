import { expect } from "chai";

import { findCardErrors } from "@compute-credits/rules/pricing/findCardErrors";
import { ratesSchema } from "@compute-credits/api/pricing/rates";
import { dynamicRate, fixedRate, tieredRate } from "../../fixtures/rates.ts";

describe("findCardErrors", () => {
  const good = fixedRate({ meter: "requests" });

  it("with a valid card of every kind: finds nothing", () => {
    const rates = [
      good,
      tieredRate("graduated", [[null, 1n]], { meter: "a" }),
      tieredRate("volume", [
        [1n, 2n],
        [2n, 1n],
        [null, 0n],
      ]),
      dynamicRate({ minBps: 1n, startBps: 1n, maxBps: 1n }, { meter: "b" }),
    ];
    expect(findCardErrors(rates)).to.deep.equal([]);
  });

  for (const [what, rate, reason, at] of [
    [
      "descending tiers",
      tieredRate("graduated", [
        [2n, 1n],
        [1n, 1n],
        [null, 1n],
      ]),
      "tiers_not_ascending",
      "rates/1/tiers/1/upTo",
    ],
    [
      "an empty tier",
      tieredRate("volume", [
        [2n, 1n],
        [2n, 1n],
        [null, 1n],
      ]),
      "tiers_not_ascending",
      "rates/1/tiers/1/upTo",
    ],
    [
      "a tier after the unbounded one",
      tieredRate("volume", [
        [null, 1n],
        [null, 1n],
      ]),
      "tiers_not_ascending",
      "rates/1/tiers/0/upTo",
    ],
    [
      "a bounded last tier",
      tieredRate("volume", [[5n, 1n]]),
      "last_tier_bounded",
      "rates/1/tiers/0/upTo",
    ],
    [
      "reversed bounds",
      dynamicRate({ minBps: 9n, maxBps: 8n }),
      "bounds_reversed",
      "rates/1/multiplier/minBps",
    ],
    [
      "a start below its bounds",
      dynamicRate({ startBps: 1n }),
      "start_out_of_bounds",
      "rates/1/multiplier/startBps",
    ],
    [
      "a start above its bounds",
      dynamicRate({ startBps: 40_001n }),
      "start_out_of_bounds",
      "rates/1/multiplier/startBps",
    ],
    ["two rates for one event", good, "ambiguous_rates", "rates/1"],
  ] as const) {
    it(`with ${what}: reports ${reason} with its path`, () => {
      const errors = findCardErrors([good, rate]);
      expect(errors.map((m) => [m.reason, m.path.join("/")])).to.deep.equal([[reason, at]]);
    });
  }

  it("with several errors: reports all of them", () => {
    const rates = [tieredRate("volume", [[5n, 1n]]), dynamicRate({ startBps: 1n })];
    expect(findCardErrors(rates).map(({ reason }) => reason)).to.deep.equal([
      "last_tier_bounded",
      "start_out_of_bounds",
      "ambiguous_rates",
    ]);
  });
});

describe("ratesSchema", () => {
  const schema = ratesSchema({ maxRatesPerCard: 2, maxTiersPerRate: 2 });
  const rate = { meter: "units", dimensions: {}, microCredits: "1", perUnits: "1" };
  const tiered = {
    kind: "volume",
    meter: "units",
    dimensions: {},
    perUnits: "1",
    tiers: [{ upTo: null, microCredits: "1" }],
  };
  const dynamic = {
    ...rate,
    kind: "dynamic",
    multiplier: {
      targetBps: "8000",
      startBps: "10000",
      minBps: "5000",
      maxBps: "30000",
      maxStepBps: "1250",
      denominator: "8",
      stepSeconds: 60,
    },
  };

  it("accepts every kind, and defaults to a fixed rate", () => {
    expect(schema.parse([rate, tiered]).map(({ kind }) => kind)).to.deep.equal(["fixed", "volume"]);
    expect(schema.parse([dynamic])).to.have.nested.property("[0].multiplier.targetBps", 8_000n);
  });

  for (const [what, rates, path] of [
    ["an unknown kind", [{ ...rate, kind: "auction" }], "0.kind"],
    ["tiers in a fixed rate", [{ ...rate, tiers: tiered.tiers }], "0"],
    ["a fixed price in a tiered rate", [{ ...tiered, microCredits: "1" }], "0"],
    ["no tier", [{ ...tiered, tiers: [] }], "0.tiers"],
    [
      "too many tiers",
      [{ ...tiered, tiers: [...tiered.tiers, ...tiered.tiers, ...tiered.tiers] }],
      "0.tiers",
    ],
    [
      "a bound as a number",
      [{ ...tiered, tiers: [{ upTo: 5, microCredits: "1" }] }],
      "0.tiers.0.upTo",
    ],
    [
      "a tier that ends before its first unit",
      [{ ...tiered, tiers: [{ upTo: "0", microCredits: "1" }] }],
      "0.tiers.0.upTo",
    ],
    ["a dynamic rate without a multiplier rule", [{ ...rate, kind: "dynamic" }], "0.multiplier"],
    [
      "a target of 0 %",
      [{ ...dynamic, multiplier: { ...dynamic.multiplier, targetBps: "0" } }],
      "0.multiplier.targetBps",
    ],
    [
      "a target of 100 %",
      [{ ...dynamic, multiplier: { ...dynamic.multiplier, targetBps: "10000" } }],
      "0.multiplier.targetBps",
    ],
    [
      "a multiplier of zero",
      [{ ...dynamic, multiplier: { ...dynamic.multiplier, minBps: "0" } }],
      "0.multiplier.minBps",
    ],
    [
      "a denominator of zero",
      [{ ...dynamic, multiplier: { ...dynamic.multiplier, denominator: "0" } }],
      "0.multiplier.denominator",
    ],
    [
      "steps without a pause",
      [{ ...dynamic, multiplier: { ...dynamic.multiplier, stepSeconds: 0 } }],
      "0.multiplier.stepSeconds",
    ],
    ["too many rates", [rate, rate, rate], ""],
  ] as const) {
    it(`with ${what}: rejects it with the path`, () => {
      const { error } = schema.safeParse(rates);
      expect(error?.issues.map((issue) => issue.path.join("."))).to.deep.equal([path]);
    });
  }
});
