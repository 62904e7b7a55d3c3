import { expect } from "chai";
import * as fc from "fast-check";
import type { Address } from "viem";

import type { BasketLine } from "@compute-credits/rules/market/rankOffers";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import type { MarketQuery } from "../../../../server/stores/market/marketStore.ts";
import { createMarketStore } from "../../../../server/stores/market/postgresMarketStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { repeated } from "../../../fixtures/effort.ts";
import { recordStatements } from "../../../fixtures/observedDatabase.ts";
import { type Payer, openPricedLedger } from "../../../fixtures/pricedLedger.ts";
import {
  anyRate,
  anyUtilisation,
  dynamicRate,
  fixedRate,
  insertCard,
} from "../../../fixtures/rates.ts";

const METERS = ["a", "b"] as const;

/** A card with a rate of any kind for each meter, for one GPU. */
const anyCard = fc.tuple(anyRate, anyRate).map((rates) =>
  rates.map((rate, at): Rate => ({
    ...rate,
    meter: METERS[at] ?? "a",
    dimensions: { gpu: "H100" },
  })),
);

const anyBasket: fc.Arbitrary<readonly BasketLine[]> = fc.array(
  fc.record({
    meter: fc.constantFrom(...METERS),
    quantity: fc.bigInt({ min: 1n, max: 5_000n }),
    dimensions: fc.constant({ gpu: "H100" }),
  }),
  { minLength: 1, maxLength: 4 },
);

const query = (basket: readonly BasketLine[], fields: Partial<MarketQuery> = {}): MarketQuery => ({
  basket,
  match: "named",
  region: null,
  ...fields,
});

for (const kind of databaseKinds) {
  describe(`the market on ${kind.name}`, () => {
    let rig: Awaited<ReturnType<typeof openPricedLedger>>;
    let seconds = 1n;

    before(async () => {
      rig = await openPricedLedger(await kind.open());
    });
    after(() => rig.ledger.database.close());
    beforeEach(() => rig.ledger.database.query("update provider_profiles set listed = false"));

    async function list(
      provider: Address,
      { listed = true, regions = [] }: { listed?: boolean; regions?: readonly string[] } = {},
    ): Promise<void> {
      const said = { name: "a provider", endpoints: [], hardware: [], terms: "", regions };
      const issuedAt = ++seconds;
      const profile = { provider, ...said, listed, issuedAt, signature: "0x12" } as const;
      expect((await rig.ledger.profiles.publish(profile)).published).to.equal("in_force");
    }

    async function totals(asked: MarketQuery) {
      const page = await rig.ledger.market.list(asked, { after: null, limit: 1_000 });
      return page.offers.map(({ provider, totalMicros }) => [provider, totalMicros] as const);
    }

    async function spentBy({ account }: Payer): Promise<bigint> {
      return (await rig.ledger.accounts.balance(account)).spent;
    }

    /** A payer of this provider that has used nothing. */
    async function freshPayer(provider: Address): Promise<Payer> {
      const { account, spender } = await rig.payer({}, "1000000");
      await rig.ledger.grantAccess(spender, provider);
      return { account, spender, provider };
    }

    it("shows what events and holds of the same basket are charged, whatever the rates", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(anyCard, fc.option(anyUtilisation)), { minLength: 1, maxLength: 3 }),
          anyBasket,
          async (cards, basket) => {
            const providers: Address[] = [];
            for (const [rates, utilisationBps] of cards) {
              const provider = rig.newParty(50_000);
              providers.push(provider);
              await insertCard(rig.ledger.database, { provider, rates });
              await list(provider);
              for (const meter of utilisationBps === null ? [] : METERS) {
                await rig.ledger.multipliers.report({
                  provider,
                  meter,
                  dimensions: { gpu: "H100" },
                  utilisationBps: utilisationBps ?? 0n,
                });
              }
            }
            // A step counts a millisecond after its report.
            await rig.ledger.database.query(
              "update multiplier_steps set effective_from = effective_from - interval '1 second'",
            );
            const shown = (await totals(query(basket))).filter(([one]) => providers.includes(one));
            expect(shown).to.have.length(providers.length);
            for (const [provider, totalMicros] of shown) {
              const [byUsage, byHolds] = [await freshPayer(provider), await freshPayer(provider)];
              await rig.record(byUsage, ...basket);
              expect(await spentBy(byUsage)).to.equal(totalMicros);
              for (const { meter, quantity, dimensions } of basket) {
                const id = `${byHolds.account}/${++seconds}`;
                const held = await rig.ledger.holds.authorize({
                  provider,
                  id,
                  spender: byHolds.spender,
                  meter,
                  quantity,
                  dimensions,
                  ttlSeconds: 60,
                });
                expect(held.result).to.equal("held");
                await rig.capture({ provider, id }, quantity, true);
              }
              expect(await spentBy(byHolds)).to.equal(totalMicros);
            }
          },
        ),
        { numRuns: repeated(6) },
      );
    });

    it("follows a dynamic rate, and tells what was reported and when", async () => {
      const provider = rig.newParty(60_000);
      const rates = [dynamicRate({}, { meter: "gpu", microCredits: 100n })];
      await insertCard(rig.ledger.database, { provider, rates });
      await list(provider);
      const basket = [{ meter: "gpu", quantity: 10n, dimensions: {} }];
      const read = async () => {
        const page = await rig.ledger.market.list(query(basket), { after: null, limit: 9 });
        return page.offers.find((offer) => offer.provider === provider)?.lines[0];
      };
      expect(await read()).to.include({
        costMicros: 1_000n,
        multiplierBps: 10_000n,
        utilisation: null,
      });
      await rig.report(provider, 10_000n, "gpu");
      await rig.age(provider, 1);
      const line = await read();
      expect(line).to.include({ costMicros: 1_125n, multiplierBps: 11_250n });
      expect(line?.utilisation?.utilisationBps).to.equal(10_000n);
    });

    it("prices a provider without a card by the operator's, with its own multiplier", async () => {
      const [busy, idle] = [rig.newParty(70_000), rig.newParty(70_000)];
      await list(busy);
      await list(idle);
      await rig.report(busy, 10_000n);
      await rig.age(busy, 1);
      const basket = [{ meter: "dynamic", quantity: 1n, dimensions: {} }];
      expect(await totals(query(basket))).to.deep.equal([
        [idle, 100n],
        [busy, 113n],
      ]);
    });

    it("shows listed and approved providers of the region, and no card before its time", async () => {
      const [north, south, hidden, ended, later] = Array.from({ length: 5 }, () =>
        rig.newParty(80_000),
      );
      const parties = [north, south, hidden, ended, later].flatMap((one) => one ?? []);
      for (const provider of parties) {
        const effectiveFrom = new Date(provider === later ? "2100-01-01" : "2020-01-01");
        const rates = [fixedRate({ meter: "regional" })];
        await insertCard(rig.ledger.database, { provider, rates, effectiveFrom });
        await list(provider, {
          listed: provider !== hidden,
          regions: [provider === south ? "south" : "north"],
        });
      }
      if (ended !== undefined) {
        const decided = { approved: false, issuedAt: 1n, signature: "0x12" } as const;
        await rig.ledger.approvals.decide({ provider: ended, operator: ended, ...decided });
      }
      const basket = [{ meter: "regional", quantity: 1n, dimensions: {} }];
      const shown = async (fields: Partial<MarketQuery>) =>
        (await totals(query(basket, fields))).map(([provider]) => provider);
      expect(await shown({})).to.deep.equal([north, south]);
      expect(await shown({ region: "north" })).to.deep.equal([north]);
      expect(await shown({ region: "south" })).to.deep.equal([south]);
      expect(await shown({ region: "west" })).to.deep.equal([]);
    });

    it("pages through more providers than it reads at a time, each once and in order", async () => {
      const providers = Array.from({ length: 120 }, () => rig.newParty(90_000));
      for (const [index, provider] of providers.entries()) {
        const rates = [fixedRate({ meter: "many", microCredits: BigInt(index % 7) })];
        await insertCard(rig.ledger.database, { provider, rates });
        await list(provider);
      }
      const basket = [{ meter: "many", quantity: 3n, dimensions: {} }];
      const all = await totals(query(basket));
      expect(all).to.have.length(120);
      const expected = providers
        .map((provider, index) => [provider, 3n * BigInt(index % 7)] as const)
        .toSorted(([a, one], [b, two]) => Number(one - two) || (a < b ? -1 : 1));
      expect(all).to.deep.equal(expected);

      const paged: Address[] = [];
      let after: { totalMicros: bigint; provider: Address } | null = null;
      for (;;) {
        const page = await rig.ledger.market.list(query(basket), { after, limit: 17 });
        paged.push(...page.offers.map(({ provider }) => provider));
        if (!page.hasMore) break;
        after = page.last;
      }
      expect(paged).to.deep.equal(all.map(([provider]) => provider));
    });

    it("computes one basket once for requests that come together, and again when it is stale", async () => {
      const { database, texts } = recordStatements(rig.ledger.database);
      let now = 0;
      const market = createMarketStore(database, { policy: "automatic", now: () => now });
      const basket = [{ meter: "units", quantity: 1n, dimensions: {} }];
      const ask = () => market.list(query(basket), { after: null, limit: 1 });
      const clocks = () => texts.filter((text) => text.includes("clock_timestamp()")).length;
      await Promise.all([ask(), ask(), ask()]);
      expect(clocks()).to.equal(1);
      now = 4_999;
      await ask();
      expect(clocks()).to.equal(1);
      now = 5_001;
      await ask();
      expect(clocks()).to.equal(2);
    });

    it("a failed computation is not remembered", async () => {
      let isDown = true;
      const { database } = rig.ledger;
      const market = createMarketStore(
        {
          query: (...args) =>
            isDown ? Promise.reject(new Error("the database is down")) : database.query(...args),
        },
        { policy: "automatic" },
      );
      const ask = () =>
        market.list(query([{ meter: "units", quantity: 1n, dimensions: {} }]), {
          after: null,
          limit: 1,
        });
      expect(await ask().catch((error: unknown) => String(error))).to.include("down");
      isDown = false;
      expect((await ask()).offers).to.deep.equal([]);
    });

    it("an older profile never replaces a newer one, in any order of arrival", async () => {
      const provider = rig.newParty(95_000);
      const said = { endpoints: [], hardware: [], terms: "", regions: [], listed: true } as const;
      const publish = (issuedAt: bigint, name = `profile ${issuedAt}`) =>
        rig.ledger.profiles.publish({ provider, ...said, name, issuedAt, signature: "0x12" });
      await Promise.all([5n, 9n, 7n, 3n].map((issuedAt) => publish(issuedAt)));
      expect(await rig.ledger.profiles.find(provider)).to.include({ name: "profile 9" });
      expect((await publish(9n)).published).to.equal("in_force");
      expect((await publish(9n, "another")).published).to.equal("stale");
      expect((await publish(8n)).published).to.equal("stale");
      expect(await rig.ledger.profiles.find(provider)).to.include({ name: "profile 9" });
    });
  });
}
