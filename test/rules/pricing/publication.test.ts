import { expect } from "chai";

import { type PublicationRules, scheduleCard } from "@compute-credits/rules/pricing/publication";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import { party } from "../../fixtures/ledger.ts";
import { cardOf } from "../../fixtures/rates.ts";

const NOW = new Date("2026-11-01T12:00:00Z");
const RULES: PublicationRules = {
  rateCardNoticeSeconds: 300,
  maxRateCardAheadSeconds: 86_400,
  maxPendingRateCards: 2,
};
const provider = party(1);

function inSeconds(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

function effect(by: typeof provider | null, seconds: number | null, ...before: readonly number[]) {
  const cards: RateCard[] = before.map((each, index) =>
    cardOf(index + 1, [], { provider: by, effectiveFrom: inSeconds(each) }),
  );
  const effectiveFrom = seconds === null ? null : inSeconds(seconds);
  const result = scheduleCard({ provider: by, effectiveFrom, rates: [] }, cards, NOW, RULES);
  return "reason" in result
    ? result.reason
    : (result.effectiveFrom.getTime() - NOW.getTime()) / 1000;
}

describe("scheduleCard", () => {
  context("when a provider publishes its first card", () => {
    for (const [seconds, result] of [
      [null, 0],
      [0, 0],
      [86_400, 86_400],
      [-0.001, "effective_from_too_soon"],
      [86_400.001, "effective_from_too_late"],
    ] as const) {
      it(`says ${result} to one for ${seconds} seconds from now`, () => {
        expect(effect(provider, seconds)).to.equal(result);
      });
    }
  });

  context("when a provider publishes another card", () => {
    for (const [seconds, result] of [
      [null, 300],
      [300, 300],
      [299.999, "effective_from_too_soon"],
      [-10, "effective_from_not_after_newest"],
      [86_401, "effective_from_too_late"],
    ] as const) {
      it(`says ${result} to one for ${seconds} seconds from now`, () => {
        expect(effect(provider, seconds, -10)).to.equal(result);
      });
    }

    it("before or at a card published for later: is refused", () => {
      expect(effect(provider, 999, -10, 1_000)).to.equal("effective_from_not_after_newest");
      expect(effect(provider, 1_000, -10, 1_000)).to.equal("effective_from_not_after_newest");
      expect(effect(provider, null, -10, 1_000)).to.equal("effective_from_not_after_newest");
      expect(effect(provider, 1_001, -10, 1_000)).to.equal(1_001);
    });

    it("with too many pending cards: is refused", () => {
      expect(effect(provider, 3_000, -10, 1_000)).to.equal(3_000);
      expect(effect(provider, 3_000, 1_000, 2_000)).to.equal("too_many_pending_rate_cards");
    });
  });

  context("when the operator publishes", () => {
    it("with the first card dated back: accepts it", () => {
      expect(effect(null, -1_000_000)).to.equal(-1_000_000);
      expect(effect(null, null)).to.equal(0);
    });

    it("with a later card: needs no notice, but never changes the past", () => {
      expect(effect(null, 0, -10)).to.equal(0);
      expect(effect(null, -0.001, -10)).to.equal("effective_from_too_soon");
      expect(effect(null, -11, -10)).to.equal("effective_from_not_after_newest");
    });
  });
});
