import { expect } from "chai";
import type { Address } from "viem";

import { findRate } from "@compute-credits/rules/pricing/rateIndex";
import { createRateIndexCache } from "../../../../server/stores/pricing/rateIndexCache.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";

const PROVIDERS = 110;
const RATES_PER_CARD = 40;
const MAX_BYTES = 64 * 1_024;

/** A card with many rates, the first of them for `meter`, at a price of its own. */
function cardOf(provider: Address, microCredits: bigint) {
  return Array.from({ length: RATES_PER_CARD }, (_, n) => ({
    meter: `meter.${n}`,
    dimensions: { model: `a-model-of-${provider}` },
    microCredits,
    perUnits: 1n,
  }));
}

for (const { name, open } of databaseKinds) {
  describe(`rateIndexCache on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
      for (let n = 0; n < PROVIDERS; n++) {
        const provider = party(n);
        const rates = cardOf(provider, BigInt(n + 1));
        // oxlint-disable-next-line no-await-in-loop -- cards come one after the other
        await ledger.rateCards.publish({ provider, effectiveFrom: null, rates });
      }
    });
    after(() => ledger.database.close());

    it("keeps so many bytes of cards, however many providers publish", async () => {
      const { database } = ledger;
      const cache = createRateIndexCache(MAX_BYTES);
      const [{ bytes: all } = { bytes: 0 }] = await database.query<{ bytes: number }>(
        "select sum(octet_length(card::text))::integer as bytes from rate_cards",
      );
      expect(all).to.be.greaterThan(4 * MAX_BYTES);
      for (const round of [1, 2]) {
        for (let n = 0; n < PROVIDERS; n++) {
          const query = {
            provider: party(n),
            meter: "meter.0",
            dimensions: { model: `a-model-of-${party(n)}` },
          };
          // oxlint-disable-next-line no-await-in-loop -- one provider after the other
          const { rates, upTo } = await cache.lookUp(database, [query.provider]);
          expect([...rates.keys()]).to.have.members([null, query.provider]);
          expect(upTo).to.equal(PROVIDERS + 1);
          const found = findRate(rates, query, new Date());
          expect(found, `round ${round}`).to.have.nested.property(
            "rate.microCredits",
            BigInt(n + 1),
          );
          expect(cache.bytes).to.be.within(1, MAX_BYTES);
        }
      }
    });

    it("shows a new card as soon as its version is asked for", async () => {
      const { database, rateCards } = ledger;
      const cache = createRateIndexCache(MAX_BYTES);
      const [first, second] = [party(0), party(1)];
      const before = await cache.lookUp(database, [first, second]);
      const effectiveFrom = new Date(Date.now() + 120_000);
      const rates = cardOf(first, 7n);
      await rateCards.publish({ provider: first, effectiveFrom, rates });

      const stale = await cache.lookUp(database, [first, second]);
      expect(stale.upTo).to.equal(before.upTo);
      const fresh = await cache.read(database, before.upTo + 1, [first, second]);
      expect(fresh.upTo).to.equal(before.upTo + 1);
      expect(fresh.rates.get(first)).to.have.length(2);
      expect(fresh.rates.get(second)).to.equal(before.rates.get(second));
      expect((await cache.lookUp(database, [first])).rates.get(first)).to.have.length(2);
    });

    it("remembers that a provider has no card", async () => {
      const cache = createRateIndexCache(MAX_BYTES);
      const nobody = party(5_000);
      const { rates } = await cache.lookUp(ledger.database, [nobody]);
      expect(rates.get(nobody)).to.deep.equal([]);
      const unreachable = { query: () => Promise.reject(new Error("asked again")) };
      expect((await cache.lookUp(unreachable, [nobody])).rates.get(nobody)).to.deep.equal([]);
    });
  });
}
