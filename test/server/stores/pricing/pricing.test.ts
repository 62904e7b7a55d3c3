import { expect } from "chai";

import { createUsageLedger } from "../../../../server/stores/usage/postgresUsageLedger.ts";
import { createPriceReader } from "../../../../server/stores/pricing/priceReader.ts";
import { createRateIndexCache } from "../../../../server/stores/pricing/rateIndexCache.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, RULES, usageEvent } from "../../../fixtures/ledger.ts";
import { recordStatements } from "../../../fixtures/observedDatabase.ts";
import { openPricedLedger } from "../../../fixtures/pricedLedger.ts";
import { fixedRate, insertCard } from "../../../fixtures/rates.ts";

for (const { name, open } of databaseKinds) {
  describe(`pricing on ${name}`, () => {
    let rig: Awaited<ReturnType<typeof openPricedLedger>>;
    let ledger: Ledger;

    before(async () => {
      rig = await openPricedLedger(await open());
      ({ ledger } = rig);
    });
    after(() => ledger.database.close());

    context("when a rate is graduated", () => {
      it("prices each unit by its tier, within a batch and across batches", async () => {
        const who = await rig.payer();
        const event = { meter: "graduated" };
        const batch = await rig.record(
          who,
          { ...event, quantity: 99n },
          { ...event, quantity: 2n },
        );
        expect(batch).to.deep.equal([990n, 18n]);
        expect(await rig.record(who, { ...event, quantity: 900n })).to.deep.equal([899n * 8n + 5n]);
        expect(await rig.used(who.account)).to.deep.equal({
          [`${month()} operator:graduated`]: 1_001n,
        });
      });

      it("counts every event once under concurrency, so that together they cost as much as one", async () => {
        const who = await rig.payer();
        const costs = await Promise.all(
          Array.from({ length: 40 }, () =>
            rig.record(
              who,
              ...Array.from({ length: 5 }, () => ({ meter: "graduated", quantity: 7n })),
            ),
          ),
        );
        const sum = costs.flat().reduce<bigint>((total, cost) => {
          if (typeof cost !== "bigint") throw new Error(cost);
          return total + cost;
        }, 0n);
        expect(sum).to.equal(100n * 10n + 900n * 8n + 400n * 5n);
        expect((await ledger.accounts.balance(who.account)).spent).to.equal(sum);
        expect(Object.values(await rig.used(who.account))).to.deep.equal([1_400n]);
      });

      it("counts neither repeated nor refused events", async () => {
        const who = await rig.payer({}, "0.0015");
        const event = usageEvent({ ...who, meter: "graduated", quantity: 50n });
        expect(await rig.record(who, event, event)).to.deep.equal([500n, 500n]);
        expect(await rig.record(who, event)).to.deep.equal([500n]);
        const refused = await rig.record(who, { meter: "graduated", quantity: 300n });
        expect(refused).to.deep.equal(["insufficient_credits"]);
        expect(Object.values(await rig.used(who.account))).to.deep.equal([50n]);
      });

      it("counts usage by the UTC calendar month of the event's time", async () => {
        const who = await rig.payer();
        const now = new Date();
        const monthStart = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
        const lastMonth = new Date(monthStart.getTime() - 1);
        const rules = { ...RULES, maxEventAgeSeconds: 40 * 86_400 };
        const patient = createUsageLedger(
          ledger.database,
          rules,
          createPriceReader(createRateIndexCache()),
        );
        const events = [monthStart, lastMonth, monthStart].map((occurredAt) =>
          usageEvent({ ...who, meter: "graduated", quantity: 100n, occurredAt }),
        );
        const outcomes = await patient.record(events);
        expect(
          outcomes.map((outcome) => outcome.result === "debited" && outcome.costMicros),
        ).to.deep.equal([1_000n, 1_000n, 800n]);
        expect(await rig.used(who.account)).to.deep.equal({
          [`${month()} operator:graduated`]: 200n,
          [`${lastMonth.toISOString().slice(0, 7)} operator:graduated`]: 100n,
        });
      });

      it("with two payers: each pays its own price, for its own part of the units", async () => {
        const [sponsor, own] = [rig.newParty(), rig.newParty()];
        const provider = rig.newParty(10_000);
        await ledger.purchase(sponsor, "0.0005");
        await ledger.purchase(own, "10");
        const { message } = await ledger.allow(sponsor, { priority: 1 });
        await ledger.allow(own, { priority: 2, spender: message.spender });
        await ledger.grantAccess(message.spender, provider);
        const who = { provider, spender: message.spender };
        const event = { meter: "graduated", quantity: 100n };
        // Half of the first event each. Then the sponsor has nothing left.
        expect(await rig.record(who, event, event)).to.deep.equal([1_000n, 900n]);
        expect((await ledger.accounts.balance(sponsor)).spent).to.equal(500n);
        expect(Object.values(await rig.used(sponsor))).to.deep.equal([50n]);
        expect(Object.values(await rig.used(own))).to.deep.equal([150n]);
      });

      it("subtracts the usage of a voided event", async () => {
        const who = await rig.payer();
        const event = usageEvent({ ...who, meter: "graduated", quantity: 100n });
        await rig.record(who, event);
        await ledger.usage.void({ provider: who.provider, id: event.id });
        expect(Object.values(await rig.used(who.account))).to.deep.equal([0n]);
        expect(await rig.record(who, { meter: "graduated", quantity: 100n })).to.deep.equal([
          1_000n,
        ]);
      });
    });

    context("when a rate goes by volume", () => {
      it("prices the whole event by the new total and does not reprice earlier debits", async () => {
        const who = await rig.payer();
        const event = { meter: "volume" };
        const costs = await rig.record(
          who,
          { ...event, quantity: 100n },
          { ...event, quantity: 1n },
          { ...event, quantity: 9n },
        );
        expect(costs).to.deep.equal([1_000n, 5n, 45n]);
        expect((await ledger.accounts.balance(who.account)).spent).to.equal(1_050n);
      });
    });

    context("when a hold pins the rate", () => {
      it("charges captures at successive tiers and counts them", async () => {
        const who = await rig.payer();
        const key = await rig.hold(who, "graduated", 200n);
        expect((await ledger.accounts.balance(who.account)).held).to.equal(1_800n);
        expect(await rig.capture(key, 90n)).to.equal(900n);
        expect(await rig.capture(key, 20n)).to.equal(100n + 80n);
        expect(await rig.capture(key, 90n, true)).to.equal(720n);
        expect(Object.values(await rig.used(who.account))).to.deep.equal([200n]);
      });

      it("charges the held volume's tier even if less is captured", async () => {
        const who = await rig.payer();
        const key = await rig.hold(who, "volume", 101n);
        expect(await rig.capture(key, 100n, true)).to.equal(500n);
      });

      it("charges the multiplier at the hold's time, not the current one", async () => {
        const who = await rig.payer();
        const key = await rig.hold(who, "dynamic", 10n);
        await rig.report(who.provider, 10_000n);
        expect(await rig.capture(key, 10n, true)).to.equal(1_000n);
      });
    });

    context("when a provider has its own card", () => {
      it("prices its meters by its own card at the time, and other meters by the operator's", async () => {
        const who = await rig.payer();
        const hourAgo = minutesAgo(60);
        const halfHourAgo = minutesAgo(30);
        const first = await insertCard(ledger.database, {
          provider: who.provider,
          effectiveFrom: hourAgo,
          rates: [fixedRate({ microCredits: 20n })],
        });
        const second = await insertCard(ledger.database, {
          provider: who.provider,
          effectiveFrom: halfHourAgo,
          rates: [fixedRate({ microCredits: 30n })],
        });
        const events = [
          { quantity: 1n, occurredAt: minutesAgo(0) },
          { quantity: 1n, occurredAt: minutesAgo(45) },
          { quantity: 1n, occurredAt: minutesAgo(90) },
          { quantity: 1n, meter: "graduated" },
        ].map((fields) => usageEvent({ ...who, ...fields }));
        const outcomes = await ledger.usage.record(events);
        expect(
          outcomes.map((o) => o.result === "debited" && [o.rateCardVersion, o.costMicros]),
        ).to.deep.equal([
          [second, 30n],
          [first, 20n],
          [2, 3n],
          [2, 10n],
        ]);
        const rows = await ledger.database.query<{ event_id: string; rate_card: number }>(
          "select event_id, rate_card from debits where provider = $1",
          [`\\x${who.provider.slice(2)}`],
        );
        const cardOf = new Map(rows.map((row) => [row.event_id, row.rate_card]));
        expect(events.map(({ id }) => cardOf.get(id))).to.deep.equal([second, first, 2, 2]);
        // Repeated events return the first outcome with its card.
        expect(await ledger.usage.record(events)).to.deep.equal(
          outcomes.map((outcome) => ({ ...outcome, repeated: true })),
        );
      });

      it("falls back to the operator's card if its newest card is empty", async () => {
        const who = await rig.payer();
        const own = { provider: who.provider, rates: [fixedRate({ microCredits: 20n })] };
        await insertCard(ledger.database, own);
        await insertCard(ledger.database, {
          provider: who.provider,
          effectiveFrom: new Date("2021-01-01"),
          rates: [],
        });
        expect(await rig.record(who, { quantity: 1n })).to.deep.equal([3n]);
      });

      it("assigns unique versions to concurrent publications", async () => {
        const rates = [fixedRate({ microCredits: 7n })];
        const publishers = Array.from({ length: 12 }, () => rig.newParty(20_000));
        const results = await Promise.all(
          publishers.map((provider) =>
            ledger.rateCards.publish({ provider, effectiveFrom: null, rates }),
          ),
        );
        const versions = results.map((result) => {
          if (result.published !== "added") throw new Error(result.published);
          return result.card.version;
        });
        expect(new Set(versions).size).to.equal(12);
      });
    });

    context("after all of these debits", () => {
      it("recomputes every debit's price from its row and its card", async () => {
        expect(await rig.recomputePrices()).to.be.greaterThan(200);
      });
    });

    context("when a batch has fixed rates only", () => {
      it("makes no queries for tiers or multipliers", async () => {
        const who = await rig.payer();
        const counting = recordStatements(ledger.database);
        const usage = createUsageLedger(
          counting.database,
          RULES,
          createPriceReader(createRateIndexCache()),
        );
        const batch = (...meters: readonly string[]) =>
          usage.record(meters.map((meter) => usageEvent({ ...who, meter })));
        await batch("units");

        const statements = async (...meters: readonly string[]) => {
          counting.texts.length = 0;
          await batch(...meters);
          return counting.texts.filter((text) =>
            /tier_usage|multiplier_steps|advisory|, card from/.test(text),
          );
        };
        expect(await statements("units", "units")).to.deep.equal([]);
        expect(await statements("units", "graduated", "volume", "graduated")).to.have.length(2);
        expect(await statements("units", "dynamic", "dynamic")).to.have.length(2);
      });
    });
  });
}

function month(): string {
  return new Date().toISOString().slice(0, 7);
}

function minutesAgo(minutes: number): Date {
  return new Date(Date.now() - minutes * 60_000);
}
