import { expect } from "chai";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import { createRateCardStore } from "../../../../server/stores/pricing/postgresRateCardStore.ts";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { RateCardStore } from "../../../../server/stores/pricing/rateCardStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { fixedRate } from "../../../fixtures/rates.ts";

const PAST = new Date("2020-01-01T00:00:00Z");
const FUTURE = new Date("2999-01-01T00:00:00Z");
const LATER = new Date("2999-06-01T00:00:00Z");

const RULES = {
  rateCardNoticeSeconds: 60,
  maxRateCardAheadSeconds: 10 ** 11,
  maxPendingRateCards: 1,
};

function ratesOf(microCredits: bigint): Rate[] {
  return [fixedRate({ dimensions: { tier: "spot", gpu: "H100" }, microCredits, perUnits: 3n })];
}

for (const { name, open } of databaseKinds) {
  describe(`rateCardStore on ${name}`, () => {
    let database: Database;
    let store: RateCardStore;

    before(async () => {
      database = await open();
      store = createRateCardStore(database, RULES);
    });
    beforeEach(() => database.script("truncate rate_cards cascade"));
    after(() => database.close());

    const publish = (effectiveFrom: Date, microCredits: bigint) =>
      store.publish({ provider: null, effectiveFrom, rates: ratesOf(microCredits) });

    /** all cards, oldest first */
    const all = async () => (await store.list({ before: null, limit: 100 })).toReversed();

    it("stores the first card unchanged, even if it is already in force", async () => {
      const card = { version: 1, provider: null, effectiveFrom: PAST, rates: ratesOf(MAX_MICROS) };
      expect(await publish(PAST, MAX_MICROS)).to.deep.equal({ published: "added", card });
      expect(await all()).to.deep.equal([card]);
    });

    it("adds nothing if the newest card has the same rates, at any date", async () => {
      await publish(PAST, 1n);
      const result = await publish(FUTURE, 1n);
      expect(result).to.deep.equal({
        published: "unchanged",
        card: { version: 1, provider: null, effectiveFrom: PAST, rates: ratesOf(1n) },
      });
      expect(await all()).to.have.length(1);
    });

    it("adds a future card after the one in force", async () => {
      await publish(PAST, 1n);
      await publish(FUTURE, 2n);
      await publish(LATER, 1n);
      expect(
        (await all()).map(({ version, effectiveFrom }) => [version, effectiveFrom]),
      ).to.deep.equal([
        [1, PAST],
        [2, FUTURE],
        [3, LATER],
      ]);
    });

    for (const [what, existing, effectiveFrom, reason] of [
      ["that starts when the newest does", FUTURE, FUTURE, "effective_from_not_after_newest"],
      ["that starts before the newest", LATER, FUTURE, "effective_from_not_after_newest"],
      ["that would have started in the past", PAST, new Date("2021"), "effective_from_too_soon"],
    ] as const) {
      it(`refuses other rates ${what} with a reason`, async () => {
        await publish(existing, 1n);
        const result = await publish(effectiveFrom, 2n);
        expect(result).to.include({ published: "refused" });
        expect(result).to.have.nested.property("refusal.reason", reason);
        expect(await all()).to.have.length(1);
      });
    }

    it("adds one version if several servers publish the same rates at once", async () => {
      const results = await Promise.all(Array.from({ length: 6 }, () => publish(PAST, 1n)));
      expect(results.map(({ published }) => published).toSorted()).to.deep.equal([
        "added",
        ...Array(5).fill("unchanged"),
      ]);
      expect(await all()).to.have.length(1);
    });
  });
}
