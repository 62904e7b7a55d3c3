import { expect } from "chai";
import * as fc from "fast-check";
import { maxUint64 } from "viem";

import { budgetUse } from "@compute-credits/rules/insight/budgetUse";
import { liability, toTokensDown } from "@compute-credits/rules/insight/liability";
import { explainPrice } from "@compute-credits/rules/insight/priceExplanation";
import { type ReconciledLedger, reconcile } from "@compute-credits/rules/insight/reconcile";
import type { VaultTotals } from "@compute-credits/rules/insight/vaultTotals";
import { pinRate, pricePinnedPart } from "@compute-credits/rules/pricing/pinnedRate";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import { findRate, indexRates } from "@compute-credits/rules/pricing/rateIndex";
import { allowanceOf } from "../../fixtures/allowances.ts";
import { party } from "../../fixtures/ledger.ts";

const PRICE = { tokenUnit: 1_000_000n, creditMicrosPerToken: 3_000_000n };

/** 1,000 bought; 500 spent, 400 of it in a checkpoint, 300 in a final one, 200 settled. */
const LEDGER: ReconciledLedger = {
  purchased: 1_000n,
  spent: 500n,
  held: 20n,
  refunding: 5n,
  refunded: 70n,
  earned: 490n,
  newestCheckpoint: { spent: 400n, refunded: 60n, earned: 392n },
  finalCheckpoint: { spent: 300n, refunded: 50n, earned: 294n },
  settled: { spent: 200n, refunded: 40n, earned: 196n },
  tokensIn: 334n,
  tokensOut: 78n,
};
const CHAIN: VaultTotals = {
  totalSupply: 760n,
  settled: { spent: 200n, refunded: 40n, earned: 196n },
  feesTaken: 3n,
  finalCheckpoint: { epoch: 2n, spent: 300n, refunded: 50n, earned: 294n },
  tokenBalance: 255n,
};

function differencesOf(
  ledger: Partial<ReconciledLedger>,
  chain: Partial<VaultTotals>,
  deferred = 0n,
) {
  const result = reconcile(
    { ...LEDGER, ...ledger },
    { ...CHAIN, ...chain },
    { price: PRICE, deferredTokens: deferred },
  );
  const named = (name: string) =>
    result.comparisons
      .find((comparison) => comparison.name === name)
      ?.differences.map(({ because, amount }) => [because, amount]);
  return { reconciled: result.reconciled, named };
}

describe("reconcile", () => {
  context("when the ledger is ahead of the chain", () => {
    it("explains each micro-credit by its stage", () => {
      const { reconciled, named } = differencesOf({}, {});
      expect(reconciled).to.equal(true);
      expect(named("purchased")).to.deep.equal([]);
      expect(named("vaultTokens")).to.deep.equal([]);
      expect(named("spent")).to.deep.equal([
        ["not_in_a_checkpoint_yet", 100n],
        ["checkpoint_not_final_yet", 100n],
        ["row_not_settled_yet", 100n],
      ]);
    });
  });

  context("when one micro-credit is unexplained", () => {
    for (const [name, ledger, chain] of [
      ["purchased", { purchased: 1_001n }, {}],
      ["purchased", {}, { totalSupply: 761n }],
      ["settled.earned", {}, { settled: { ...CHAIN.settled, earned: 195n } }],
      ["spent", { spent: 399n }, {}],
      ["earned", { settled: { ...LEDGER.settled, earned: 295n } }, {}],
      ["finalCheckpoint.spent", { finalCheckpoint: { ...LEDGER.settled, spent: 301n } }, {}],
      ["finalCheckpoint.spent", { finalCheckpoint: null }, {}],
      ["vaultTokens", {}, { tokenBalance: 254n }],
    ] as const) {
      it(`does not reconcile, and shows it in ${name}`, () => {
        const { reconciled, named } = differencesOf(ledger, chain);
        expect(reconciled).to.equal(false);
        expect(named(name)?.map(([because]) => because)).to.include("unexplained");
      });
    }
  });

  context("when the vault has more tokens than it should", () => {
    it("reports deferred payouts and tokens sent without a purchase", () => {
      const { reconciled, named } = differencesOf({}, { tokenBalance: 265n }, 7n);
      expect(reconciled).to.equal(true);
      expect(named("vaultTokens")).to.deep.equal([
        ["payout_deferred", 7n],
        ["sent_to_the_vault", 3n],
      ]);
    });

    it("with fewer tokens than the deferred payouts need: does not reconcile", () => {
      expect(differencesOf({}, { tokenBalance: 260n }, 7n).reconciled).to.equal(false);
    });
  });
});

describe("liability", () => {
  it("adds up to purchases less payouts", () => {
    const owed = liability(LEDGER, CHAIN.feesTaken);
    expect(owed).to.deep.equal({
      unspent: 430n,
      held: 20n,
      refunding: 5n,
      available: 405n,
      refundsDue: 30n,
      earningsDue: 294n,
      feesDue: 7n,
      total: 761n,
    });
    expect(owed.total).to.equal(1_000n - 40n - 196n - 3n);
  });

  it("rounds tokens down, as the contract does", () => {
    expect([2n, 3n, 5n].map((micros) => toTokensDown(micros, PRICE))).to.deep.equal([0n, 1n, 1n]);
  });
});

describe("budgetUse", () => {
  const now = new Date(1_000_000_000);
  const seconds = 1_000_000n;
  const use = (fields: Parameters<typeof allowanceOf>[0], spent24hMicros = 0n) =>
    budgetUse(allowanceOf(fields), { now, counter: 0n, spent24hMicros });
  const used = { periodIndex: 0n, carriedMicros: 0n, periodSpentMicros: 999n, spentMicros: 999n };

  it("rounds the usage down: only the last micro-credit makes it 100 %", () => {
    expect(use({ limit: 1_000n, usage: used }).usedBps).to.equal(9_990n);
    expect(use({ limit: 1_000_000n, usage: used }).usedBps).to.equal(9n);
    expect(use({ limit: 999n, usage: used }).usedBps).to.equal(10_000n);
    expect(use({ limit: 0n }).usedBps).to.equal(10_000n);
  });

  it("is that of the current period, with what was carried over", () => {
    const periodic = { limit: 1_000n, period: 100n, startsAt: seconds - 150n, rollover: 500n };
    expect(use({ ...periodic, usage: used })).to.deep.include({
      budgetMicros: 1_001n,
      usedMicros: 0n,
      periodStartsAt: seconds - 50n,
      periodEndsAt: seconds + 50n,
    });
  });

  it("forecasts the exhaustion at the day's rate, unless the budget ends or renews before", () => {
    const rate = 86_400n;
    const half = { limit: 1_000n, usage: { ...used, periodSpentMicros: 500n } };
    expect(use(half, rate).exhaustion).to.deep.equal({ secondsToExhaustion: 500n });
    expect(use(half, 2n * rate + 1n).exhaustion).to.deep.equal({ secondsToExhaustion: 249n });
    const reasons = [
      [use(half), "nothing_spent"],
      [use({ ...half, expiresAt: seconds + 500n }, rate), "ends_first"],
      [use({ ...half, period: 500n, startsAt: seconds }, rate), "renewed_first"],
      [use({ ...half, expiresAt: seconds }, rate), "not_in_force"],
      [use({ ...half, revokedAt: now }, rate), "not_in_force"],
      [use({ ...half, counter: 1n }, rate), "not_in_force"],
    ] as const;
    for (const [{ exhaustion }, reason] of reasons) {
      expect(exhaustion).to.deep.equal({ secondsToExhaustion: null, reason });
    }
  });

  it("with any times that can be signed: does not throw", () => {
    const all = { limit: maxUint64, period: maxUint64, rollover: maxUint64 };
    expect(use({ ...all, startsAt: maxUint64, expiresAt: maxUint64 }, 1n).status).to.equal(
      "not_started",
    );
    expect(use({ ...all, startsAt: 0n, expiresAt: maxUint64 }, 1n).periodEndsAt).to.equal(
      maxUint64,
    );
  });
});

describe("explainPrice", () => {
  const small = fc.bigInt({ min: 1n, max: 1_000n });
  const tiers = fc
    .tuple(small, small, small, small, small)
    .map(([first, step, ...prices]) =>
      [first, first + step, null].map((upTo, n) => ({ upTo, microCredits: prices[n] ?? 0n })),
    );
  const subject = { meter: fc.constant("units"), dimensions: fc.constant({}), perUnits: small };
  const multiplier = {
    targetBps: 5_000n,
    startBps: 10_000n,
    minBps: 1n,
    maxBps: 100_000n,
    maxStepBps: 1_000n,
    denominator: 8n,
    stepSeconds: 60,
  };
  const rates: fc.Arbitrary<Rate> = fc.oneof(
    fc.record({ kind: fc.constant("fixed" as const), microCredits: small, ...subject }),
    fc.record({
      kind: fc.constant("dynamic" as const),
      microCredits: small,
      multiplier: fc.constant(multiplier),
      ...subject,
    }),
    fc.record({
      kind: fc.constantFrom("graduated" as const, "volume" as const),
      tiers,
      ...subject,
    }),
  );

  it("with any kind of rate: equals the charge, and so does its formula", () => {
    fc.assert(
      fc.property(
        rates,
        small,
        small,
        fc.bigInt({ min: 0n, max: 500n }),
        (rate, quantity, facts, captured) => {
          const card = { version: 7, provider: null, effectiveFrom: new Date(0), rates: [rate] };
          const work = { provider: party(1), meter: "units", quantity, dimensions: {} };
          const measured = { ...work, rateCardVersion: card.version };
          const found = findRate(indexRates([card]), measured, new Date(1));
          if (typeof found === "string") throw new Error(found);
          const pinned = pinRate(found, quantity + captured, {
            account: party(2),
            multiplierBps: () => facts,
            usedUnits: () => facts,
            monthOf: () => "2026-11",
          });
          const charged = pricePinnedPart(pinned, { usedUnits: captured, quantity });
          const explained = explainPrice(
            new Map([[card.version, card]]),
            measured,
            priceBasisOf(pinned, captured),
          );
          expect(explained?.costMicros).to.equal(charged);
          expect(explained?.rate).to.deep.equal(rate);
          expect(evaluated(explained?.formula ?? "")).to.deep.equal([charged, charged]);
        },
      ),
    );
  });

  it("with a card that lacks the rate: is null", () => {
    const card = { version: 7, provider: null, effectiveFrom: new Date(0), rates: [] };
    const work = { provider: party(1), meter: "units", quantity: 1n, dimensions: {} };
    const measured = { ...work, rateCardVersion: card.version };
    expect(explainPrice(new Map([[card.version, card]]), measured, null)).to.equal(null);
  });
});

/** Both sides of a formula such as `ceil((2 × 3 + 4 × 5) ÷ 7) − ceil(1 × 3 ÷ 7) = 4`. */
function evaluated(formula: string): [bigint, bigint] {
  const [left = "", right = ""] = formula.split(" = ");
  const [first = 0n, ...others] = left.split(" − ").map(ceiling);
  return [others.reduce((difference, part) => difference - part, first), BigInt(right)];
}

function ceiling(text: string): bigint {
  const [, inner = ""] = /^ceil\((.*)\)$/.exec(text) ?? [];
  const [dividend = 0n, divisor = 1n] = inner.split(" ÷ ").map(sumOfProducts);
  return (dividend + divisor - 1n) / divisor;
}

function sumOfProducts(text: string): bigint {
  return text
    .replace(/^\((.*)\)$/, "$1")
    .split(" + ")
    .map((product) => product.split(" × ").reduce((result, factor) => result * BigInt(factor), 1n))
    .reduce((sum, product) => sum + product, 0n);
}
