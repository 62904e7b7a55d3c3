import { expect } from "chai";
import { type Address, type Hex, maxUint64, numberToHex } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import { monthOf, tierUseKey } from "@compute-credits/rules/pricing/priceDraft";
import type { TieredRate } from "@compute-credits/rules/pricing/rate";
import { indexRates } from "@compute-credits/rules/pricing/rateIndex";
import { decideDebits } from "@compute-credits/rules/usage/decideDebits";
import { allowanceOf } from "../../fixtures/allowances.ts";
import { NOW, RULES, account, event, owner, sponsor, stateOf } from "../../fixtures/anyLedger.ts";
import { party } from "../../fixtures/ledger.ts";
import { cardOf, tieredRate } from "../../fixtures/rates.ts";

/** Whoever pays, and how many units of the rate its account used this month. */
interface Payer {
  readonly account: Address;
  readonly limit?: bigint;
  readonly accountCap?: bigint;
  readonly used?: bigint;
  readonly credits?: bigint;
  readonly held?: bigint;
}

/** Decides one event of 100 units, paid by these allowances in this order. */
function charge(rate: TieredRate, payers: readonly Payer[], quantity = 100n) {
  const used = payers.map(({ account: of, used: units = 0n }) => {
    const use = { account: of, month: monthOf(NOW), rateKey: "operator:units" };
    return [tieredUse(use), units] as const;
  });
  const accounts = payers.map(({ account: of, credits = 10_000_000n, held = 0n }) =>
    account(of, { purchased: credits, held }),
  );
  const allowances = payers.map(({ account: of, limit, accountCap }, n) =>
    allowanceOf({
      id: idOf(n),
      priority: n,
      account: of,
      limit: limit ?? maxUint64,
      accountCap: accountCap ?? maxUint64,
    }),
  );
  const prices = {
    rates: indexRates([cardOf(1, [rate])]),
    usedUnits: new Map(used),
    multipliers: new Map<string, bigint>(),
  };
  const state = stateOf(accounts, allowances, { prices });
  const { outcomes, debits, tierUnits } = decideDebits([event({ quantity })], state, RULES);
  const [outcome] = outcomes;
  return {
    cost: outcome?.result === "debited" ? outcome.costMicros : null,
    refusal: outcome?.result === "refused" ? outcome.refusal : null,
    paid: debits.map((debit) => [debit.account, debit.amountMicros]),
    counted: tierUnits.map(({ use, units }) => [use.account, units]),
  };
}

const tieredUse = tierUseKey;
const stranger = party(7);

/** 20,000 for each of the first 100 units of a month, then 5,000. */
const graduated = tieredRate("graduated", [
  [100n, 20_000n],
  [null, 5_000n],
]);
const volume = tieredRate("volume", [
  [100n, 20_000n],
  [null, 5_000n],
]);
/** The first 100 units of a month are free. */
const freeTier = tieredRate("graduated", [
  [100n, 0n],
  [null, 5_000n],
]);

describe("chargeWork", () => {
  const empty = { account: stranger, credits: 0n, limit: 0n };
  const own = { account: owner, used: 1_000n };

  context("when an allowance with nothing left comes first", () => {
    it("charges the payer its own price: 500,000 and not 2,000,000", () => {
      for (const rate of [graduated, volume]) {
        expect(charge(rate, [empty, own])).to.deep.include({
          cost: 500_000n,
          paid: [[owner, 500_000n]],
          counted: [[owner, 100n]],
        });
      }
    });

    it("does not reset a free tier", () => {
      const fresh = { ...empty, limit: maxUint64 };
      expect(charge(freeTier, [fresh, own])).to.deep.include({
        cost: 500_000n,
        paid: [[owner, 500_000n]],
        counted: [[owner, 100n]],
      });
    });

    it("does not give its account's discount away", () => {
      const big = { account: sponsor, used: 1_000n, limit: 0n };
      expect(charge(volume, [big, { account: owner }])).to.deep.include({
        cost: 2_000_000n,
        paid: [[owner, 2_000_000n]],
        counted: [[owner, 100n]],
      });
    });

    for (const [limit, fields] of [
      ["credits", { credits: 0n }],
      ["period limit", { limit: 0n }],
      ["account cap", { accountCap: 0n }],
      ["account cap, by holds", { credits: 9n, held: 4n, accountCap: 4n }],
      ["credits, all of them held", { credits: 9n, held: 9n }],
    ] as const) {
      it(`skips one whose ${limit} ${limit.endsWith("s") ? "are" : "is"} used up`, () => {
        expect(charge(graduated, [{ account: stranger, ...fields }, own]).cost).to.equal(500_000n);
      });
    }

    it("changes nothing by any number of them", () => {
      const many = Array.from({ length: 50 }, (_, n) => ({ ...empty, account: party(100 + n) }));
      expect(charge(volume, [...many, own])).to.deep.equal(charge(volume, [own]));
    });
  });

  context("when an allowance can pay only a token", () => {
    it("takes next to nothing of another's discount", () => {
      const big = { account: sponsor, used: 1_000n, limit: 1n };
      // One micro-credit of 500,000 pays for 1/500,000 of the event.
      expect(charge(volume, [big, { account: owner }])).to.deep.include({
        cost: 1_999_997n,
        paid: [
          [sponsor, 1n],
          [owner, 1_999_996n],
        ],
        counted: [[owner, 100n]],
      });
    });

    it("makes the event dearer for nobody", () => {
      for (const rate of [graduated, volume]) {
        const token = { account: stranger, credits: 1n };
        expect(charge(rate, [token, own])).to.deep.include({
          cost: 500_001n,
          paid: [
            [stranger, 1n],
            [owner, 500_000n],
          ],
        });
      }
    });

    it("gives its own free units, and no one else's", () => {
      const withFreeUnits = { account: stranger, credits: 1n, used: 99n };
      // Its own price is 99 units at 5,000, and it has one micro-credit of that.
      expect(charge(freeTier, [withFreeUnits, own])).to.deep.include({
        cost: 500_000n,
        paid: [
          [stranger, 1n],
          [owner, 499_999n],
        ],
        counted: [[owner, 100n]],
      });
    });
  });

  context("when several accounts share an event", () => {
    it("charges each its part of its own price, and counts its part of the units", () => {
      const first = { account: sponsor, credits: 1_500_000n };
      // The first pays three quarters of 2,000,000; the second a quarter of 500,000.
      expect(charge(graduated, [first, own])).to.deep.include({
        cost: 1_625_000n,
        paid: [
          [sponsor, 1_500_000n],
          [owner, 125_000n],
        ],
        counted: [
          [sponsor, 75n],
          [owner, 25n],
        ],
      });
    });

    it("with three, and one account twice: each at its own price", () => {
      const payers = [
        { account: owner, used: 1_000n, limit: 100_000n },
        { account: sponsor, credits: 1_000_000n },
        { account: owner, used: 1_000n },
      ];
      // A fifth, a half, and the rest of three tenths.
      expect(charge(volume, payers)).to.deep.include({
        cost: 1_250_000n,
        paid: [
          [owner, 100_000n],
          [sponsor, 1_000_000n],
          [owner, 150_000n],
        ],
        counted: [
          [owner, 50n],
          [sponsor, 50n],
        ],
      });
    });

    it("rounds the last part up", () => {
      const rate = tieredRate("volume", [[null, 1n]], { perUnits: 3n });
      const first = { account: sponsor, limit: 10n };
      // 100 ÷ 3 is 34 for each; 24 of 34 parts are left.
      expect(charge(rate, [first, { account: owner }])).to.deep.include({
        cost: 34n,
        paid: [
          [sponsor, 10n],
          [owner, 24n],
        ],
      });
    });

    it("counts a unit for the account that pays most of it, a half for the first", () => {
      for (const [credits, counted] of [
        [12_000n, sponsor],
        [10_000n, sponsor],
        [9_999n, owner],
      ] as const) {
        const result = charge(graduated, [{ account: sponsor, credits }, { account: owner }], 1n);
        expect(result).to.deep.include({ cost: 20_000n, counted: [[counted, 1n]] });
      }
    });

    it("with two allowances of one account: is its own price", () => {
      const payers = [
        { account: owner, used: 1_000n, limit: 7n },
        { account: owner, used: 1_000n },
      ];
      expect(charge(graduated, payers)).to.deep.include({
        cost: 500_000n,
        paid: [
          [owner, 7n],
          [owner, 499_993n],
        ],
        counted: [[owner, 100n]],
      });
    });
  });

  context("when an event is free for the first account with something left", () => {
    it("charges it nothing and counts its free units", () => {
      const fresh = { account: stranger, credits: 1n };
      expect(charge(freeTier, [fresh, own])).to.deep.include({
        cost: 0n,
        paid: [[stranger, 0n]],
        counted: [[stranger, 100n]],
      });
    });
  });

  context("when no allowance has anything left", () => {
    it("records what is free for an account under the first such, whoever else is there", () => {
      const usedUp = { ...empty, used: 100n };
      const withFreeUnits = { account: owner, credits: 0n };
      for (const order of [
        [usedUp, withFreeUnits],
        [withFreeUnits, usedUp],
      ]) {
        expect(charge(freeTier, order)).to.deep.include({
          cost: 0n,
          paid: [[owner, 0n]],
          counted: [[owner, 100n]],
        });
      }
    });

    it("refuses what is free for no account", () => {
      const payers = [
        { ...empty, used: 100n },
        { ...own, credits: 0n },
      ];
      expect(charge(freeTier, payers).refusal).to.deep.equal({
        reason: "insufficient_credits",
        account: owner,
        availableMicros: 0n,
        neededMicros: 500_000n,
        heldMicros: 0n,
      });
    });
  });

  context("when all together cannot pay", () => {
    it("reports the last account that lacks credits, at its own price", () => {
      const payers = [
        { account: sponsor, limit: 1_000_000n },
        { account: owner, used: 1_000n, credits: 100n, held: 50n },
        { account: stranger, limit: 0n },
      ];
      // Half of the event is left: 250,000 for the owner, who has 50.
      expect(charge(graduated, payers).refusal).to.deep.equal({
        reason: "insufficient_credits",
        account: owner,
        availableMicros: 1_000_050n,
        neededMicros: 1_250_000n,
        heldMicros: 50n,
      });
    });

    it("needs exactly that much: with it the event is charged", () => {
      const { refusal } = charge(graduated, halfPaid(0n));
      if (refusal === null || !("neededMicros" in refusal)) throw new Error("not refused");
      const missing = refusal.neededMicros - refusal.availableMicros;
      expect(charge(graduated, halfPaid(missing)).cost).to.equal(1_250_000n);
      expect(charge(graduated, halfPaid(missing - 1n)).cost).to.equal(null);
    });

    it("records what is free for one of them under it, and charges the others nothing", () => {
      const token = { account: stranger, used: 100n, credits: 5n };
      expect(charge(freeTier, [token, { account: owner, limit: 0n }])).to.deep.include({
        cost: 0n,
        paid: [[owner, 0n]],
        counted: [[owner, 100n]],
      });
    });

    it("without an account that lacks credits: reports the last limit", () => {
      const payers = [
        { account: sponsor, limit: 1n },
        { account: owner, used: 1_000n, accountCap: 2n },
      ];
      expect(charge(graduated, payers).refusal).to.deep.include({
        reason: "account_cap_reached",
        account: owner,
        availableMicros: 3n,
      });
    });
  });

  context("when the quantity is too large for one account's price", () => {
    const dear = tieredRate("volume", [[null, MAX_MICROS]]);
    it("refuses it, and charges an account that has reached a cheaper tier", () => {
      const tiers = tieredRate("volume", [
        [500n, MAX_MICROS],
        [null, 1n],
      ]);
      expect(charge(dear, [{ account: owner }], 2n).refusal).to.deep.equal({
        reason: "quantity_too_large",
      });
      // A stranger's price never refuses an event that another pays.
      const token = { account: stranger, limit: 1n };
      expect(charge(tiers, [token, own], 2n)).to.deep.include({ cost: 3n, refusal: null });
    });
  });
});

/** The sponsor pays half; the owner has 50 micro-credits and some more for the other half. */
function halfPaid(more: bigint): readonly Payer[] {
  return [
    { account: sponsor, limit: 1_000_000n },
    { account: owner, used: 1_000n, credits: 50n + more },
  ];
}

function idOf(n: number): Hex {
  return numberToHex(n + 1, { size: 32 });
}
