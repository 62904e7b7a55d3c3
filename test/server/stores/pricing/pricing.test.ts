import { setTimeout as delay } from "node:timers/promises";

import { expect } from "chai";
import type { Address } from "viem";

import { toPriceBasis } from "@compute-credits/rules/pricing/pinnedRateJson";
import { createMultiplierStore } from "../../../../server/stores/pricing/postgresMultiplierStore.ts";
import { createUsageLedger } from "../../../../server/stores/usage/postgresUsageLedger.ts";
import { createPriceReader } from "../../../../server/stores/pricing/priceReader.ts";
import { createRateIndexCache } from "../../../../server/stores/pricing/rateIndexCache.ts";
import { replaySteps } from "@compute-credits/rules/pricing/multiplier";
import { recomputePrice } from "@compute-credits/rules/pricing/priceBasis";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import { findRate, indexRates } from "@compute-credits/rules/pricing/rateIndex";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, RULES, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { dynamicRate, fixedRate, insertCard, tieredRate } from "../../../fixtures/rates.ts";

const operatorRates: readonly Rate[] = [
  fixedRate({ microCredits: 3n }),
  tieredRate(
    "graduated",
    [
      [100n, 10n],
      [1_000n, 8n],
      [null, 5n],
    ],
    { meter: "graduated" },
  ),
  tieredRate(
    "volume",
    [
      [100n, 10n],
      [null, 5n],
    ],
    { meter: "volume" },
  ),
  dynamicRate({}, { meter: "dynamic", microCredits: 100n }),
];

for (const { name, open } of databaseKinds) {
  describe(`pricing on ${name}`, () => {
    let ledger: Ledger;
    let parties = 0;

    before(async () => {
      ledger = await openLedger(await open());
      await insertCard(ledger.database, {
        rates: operatorRates,
        effectiveFrom: new Date("2020-02-01"),
      });
    });
    after(() => ledger.database.close());

    /** An account with credits, its allowance, and a provider that may bill it. */
    async function payer(wish: Parameters<Ledger["allow"]>[1] = {}, credits = "1000") {
      const [account, provider] = [party(++parties), party(10_000 + ++parties)];
      await ledger.purchase(account, credits);
      const { message } = await ledger.allow(account, wish);
      await ledger.grantAccess(message.spender, provider);
      return { account, provider, spender: message.spender };
    }

    type Payer = Awaited<ReturnType<typeof payer>>;

    async function record(
      { provider, spender }: Pick<Payer, "provider" | "spender">,
      ...events: readonly Partial<UsageEvent>[]
    ) {
      const outcomes = await ledger.usage.record(
        events.map((fields) => usageEvent({ provider, spender, ...fields })),
      );
      return outcomes.map((outcome) =>
        outcome.result === "debited" ? outcome.costMicros : outcome.refusal.reason,
      );
    }

    async function used(account: Address): Promise<Record<string, bigint>> {
      const rows = await ledger.database.query<{
        month: string;
        rate_key: string;
        quantity: bigint;
      }>("select month, rate_key, quantity from tier_usage where account = $1", [
        `\\x${account.slice(2)}`,
      ]);
      return Object.fromEntries(rows.map((row) => [`${row.month} ${row.rate_key}`, row.quantity]));
    }

    async function hold(who: Payer, meter: string, quantity: bigint) {
      const key = { provider: who.provider, id: `hold-${++parties}` };
      const request = { ...key, spender: who.spender, meter, quantity };
      const outcome = await ledger.holds.authorize({
        ...request,
        dimensions: {},
        ttlSeconds: 60,
      });
      expect(outcome.result).to.equal("held");
      return key;
    }

    async function capture(
      key: { provider: Address; id: string },
      quantity: bigint,
      final = false,
    ) {
      const eventId = `${key.id}/${++parties}`;
      const outcome = await ledger.holds.capture({ ...key, eventId, quantity, final });
      return outcome.result === "captured" ? outcome.debit.costMicros : outcome.refusal.reason;
    }

    async function report(provider: Address, utilisationBps: bigint, meter = "dynamic") {
      return await ledger.multipliers.report({ provider, meter, dimensions: {}, utilisationBps });
    }

    /** As if all steps had been made earlier. */
    async function age(provider: Address, seconds: number): Promise<void> {
      await ledger.database.query(
        `update multiplier_steps set effective_from = effective_from - make_interval(secs => $2)
         where provider = $1`,
        [`\\x${provider.slice(2)}`, seconds],
      );
    }

    async function log(provider: Address) {
      const page = { before: null, limit: 1_000 };
      const steps = await ledger.multipliers.steps({ provider, rateKey: "operator:dynamic" }, page);
      return steps.toReversed();
    }

    context("when a rate is graduated", () => {
      it("prices each unit by its tier, within a batch and across batches", async () => {
        const who = await payer();
        const event = { meter: "graduated" };
        const batch = await record(who, { ...event, quantity: 99n }, { ...event, quantity: 2n });
        expect(batch).to.deep.equal([990n, 18n]);
        expect(await record(who, { ...event, quantity: 900n })).to.deep.equal([899n * 8n + 5n]);
        expect(await used(who.account)).to.deep.equal({
          [`${month()} operator:graduated`]: 1_001n,
        });
      });

      it("counts every event once under concurrency: together they cost what one would", async () => {
        const who = await payer();
        const costs = await Promise.all(
          Array.from({ length: 40 }, () =>
            record(who, ...Array.from({ length: 5 }, () => ({ meter: "graduated", quantity: 7n }))),
          ),
        );
        const sum = costs.flat().reduce<bigint>((total, cost) => {
          if (typeof cost !== "bigint") throw new Error(cost);
          return total + cost;
        }, 0n);
        expect(sum).to.equal(100n * 10n + 900n * 8n + 400n * 5n);
        expect((await ledger.accounts.balance(who.account)).spent).to.equal(sum);
        expect(Object.values(await used(who.account))).to.deep.equal([1_400n]);
      });

      it("counts neither what is repeated nor what is refused", async () => {
        const who = await payer({}, "0.0015");
        const event = usageEvent({ ...who, meter: "graduated", quantity: 50n });
        expect(await record(who, event, event)).to.deep.equal([500n, 500n]);
        expect(await record(who, event)).to.deep.equal([500n]);
        const refused = await record(who, { meter: "graduated", quantity: 300n });
        expect(refused).to.deep.equal(["insufficient_credits"]);
        expect(Object.values(await used(who.account))).to.deep.equal([50n]);
      });

      it("goes by the calendar month in UTC in which the event occurred", async () => {
        const who = await payer();
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
        expect(await used(who.account)).to.deep.equal({
          [`${month()} operator:graduated`]: 200n,
          [`${lastMonth.toISOString().slice(0, 7)} operator:graduated`]: 100n,
        });
      });

      it("goes by the usage of the account that pays first, whoever else pays", async () => {
        const [sponsor, own] = [party(++parties), party(++parties)];
        const provider = party(10_000 + ++parties);
        await ledger.purchase(sponsor, "0.0005");
        await ledger.purchase(own, "10");
        const { message } = await ledger.allow(sponsor, { priority: 1 });
        await ledger.allow(own, { priority: 2, spender: message.spender });
        await ledger.grantAccess(message.spender, provider);
        const who = { provider, spender: message.spender };
        const event = { meter: "graduated", quantity: 100n };
        expect(await record(who, event, event)).to.deep.equal([1_000n, 800n]);
        expect((await ledger.accounts.balance(sponsor)).spent).to.equal(500n);
        expect(Object.values(await used(sponsor))).to.deep.equal([200n]);
        expect(await used(own)).to.deep.equal({});
      });

      it("gives back what a void takes out", async () => {
        const who = await payer();
        const event = usageEvent({ ...who, meter: "graduated", quantity: 100n });
        await record(who, event);
        await ledger.usage.void({ provider: who.provider, id: event.id });
        expect(Object.values(await used(who.account))).to.deep.equal([0n]);
        expect(await record(who, { meter: "graduated", quantity: 100n })).to.deep.equal([1_000n]);
      });
    });

    context("when a rate goes by volume", () => {
      it("prices the whole event by the total with it, and nothing again that was debited", async () => {
        const who = await payer();
        const event = { meter: "volume" };
        const costs = await record(
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
      it("charges its captures one after the other at graduated tiers, and counts them", async () => {
        const who = await payer();
        const key = await hold(who, "graduated", 200n);
        expect((await ledger.accounts.balance(who.account)).held).to.equal(1_800n);
        expect(await capture(key, 90n)).to.equal(900n);
        expect(await capture(key, 20n)).to.equal(100n + 80n);
        expect(await capture(key, 90n, true)).to.equal(720n);
        expect(Object.values(await used(who.account))).to.deep.equal([200n]);
      });

      it("charges the tier that the volume held for had, also for less", async () => {
        const who = await payer();
        const key = await hold(who, "volume", 101n);
        expect(await capture(key, 100n, true)).to.equal(500n);
      });

      it("charges the multiplier that was in force, whatever it is now", async () => {
        const who = await payer();
        const key = await hold(who, "dynamic", 10n);
        await report(who.provider, 10_000n);
        expect(await capture(key, 10n, true)).to.equal(1_000n);
      });
    });

    context("when a rate is dynamic", () => {
      it("prices by the multiplier in force when the event occurred, however late it comes", async () => {
        const who = await payer();
        const event = { meter: "dynamic", quantity: 10n };
        const ago = (seconds: number) => ({
          ...event,
          occurredAt: new Date(Date.now() - seconds * 1000),
        });
        expect(await record(who, event)).to.deep.equal([1_000n]);
        await report(who.provider, 10_000n);
        await age(who.provider, 100);
        await report(who.provider, 10_000n);
        await age(who.provider, 100);
        const costs = await record(who, event, ago(250), ago(150), ago(50));
        expect(costs).to.deep.equal([1_266n, 1_000n, 1_125n, 1_266n]);
      });

      it("moves each provider's multiplier by itself", async () => {
        const [busy, idle] = [await payer(), await payer()];
        await report(busy.provider, 10_000n);
        await age(busy.provider, 10);
        const event = { meter: "dynamic", quantity: 10n };
        expect(await record(busy, event)).to.deep.equal([1_125n]);
        expect(await record(idle, event)).to.deep.equal([1_000n]);
      });

      it("takes no price of the future for an event that is dated ahead", async () => {
        const who = await payer();
        const ahead = {
          meter: "dynamic",
          quantity: 10n,
          occurredAt: new Date(Date.now() + 200_000),
        };
        await report(who.provider, 10_000n);
        await age(who.provider, -100);
        expect(await record(who, ahead)).to.deep.equal([1_000n]);
      });

      it("makes one step in stepSeconds, however many report at once", async () => {
        const { provider } = await payer();
        const results = await Promise.all(
          Array.from({ length: 20 }, () => report(provider, 9_000n)),
        );
        expect(results.filter((result) => "step" in result)).to.have.length(1);
        for (const result of results) {
          if ("refusal" in result) expect(result.refusal).to.equal("step_too_soon");
        }
        expect(await log(provider)).to.have.length(1);
        await age(provider, 61);
        expect(await report(provider, 0n)).to.have.nested.property("step.step", 2);
      });

      it("leaves a log that replays to the same multipliers", async () => {
        const { provider } = await payer();
        for (const utilisation of [10_000n, 9_000n, 1n, 5_000n, 5_001n, 0n, 0n]) {
          // oxlint-disable-next-line no-await-in-loop -- one step after the other is the point
          expect(await report(provider, utilisation)).to.have.property("step");
          // oxlint-disable-next-line no-await-in-loop
          await age(provider, 60.5);
        }
        const steps = await log(provider);
        expect(steps).to.have.length(7);
        const cards = await ledger.rateCards.list({ before: null, limit: 100 });
        const replayed = replaySteps(steps, (version) => {
          const card = cards.find((each) => each.version === version);
          const rate = card?.rates.find(({ meter }) => meter === "dynamic");
          if (rate?.kind !== "dynamic") throw new Error("the step names another card");
          return rate.multiplier;
        });
        expect(replayed).to.deep.equal(steps);
      });

      it("refuses a report for a rate that is not there, or not dynamic", async () => {
        const { provider } = await payer();
        expect(await report(provider, 1n, "magic")).to.deep.equal({ refusal: "unknown_rate" });
        expect(await report(provider, 1n, "units")).to.deep.equal({ refusal: "rate_not_dynamic" });
      });

      it("waits for a step that is being made: no price is taken from a log that still changes", async () => {
        const who = await payer();
        const { database, paused } = slowAfter(ledger.database, /insert into multiplier_steps/);
        const slow = createMultiplierStore(database, createRateIndexCache());
        const stepping = slow.report({
          provider: who.provider,
          meter: "dynamic",
          dimensions: {},
          utilisationBps: 10_000n,
        });
        await paused;
        // Dated ahead, so that the moment of recording decides, which is after the step's.
        const occurredAt = new Date(Date.now() + 100_000);
        expect(await record(who, { meter: "dynamic", quantity: 10n, occurredAt })).to.deep.equal([
          1_125n,
        ]);
        await stepping;
      });
    });

    context("when a provider has a card of its own", () => {
      it("prices its meters by its card in force at the time, the others by the operator's", async () => {
        const who = await payer();
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
        // The same events again: the first outcome, card and all.
        expect(await ledger.usage.record(events)).to.deep.equal(
          outcomes.map((outcome) => ({ ...outcome, repeated: true })),
        );
      });

      it("takes the operator's card again where its newest has nothing", async () => {
        const who = await payer();
        const own = { provider: who.provider, rates: [fixedRate({ microCredits: 20n })] };
        await insertCard(ledger.database, own);
        await insertCard(ledger.database, {
          provider: who.provider,
          effectiveFrom: new Date("2021-01-01"),
          rates: [],
        });
        expect(await record(who, { quantity: 1n })).to.deep.equal([3n]);
      });

      it("gives versions that are unique, whoever publishes at once", async () => {
        const rates = [fixedRate({ microCredits: 7n })];
        const publishers = Array.from({ length: 12 }, () => party(20_000 + ++parties));
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

    context("when all that is done", () => {
      it("can price every debit again from its row and its card", async () => {
        const rows = await ledger.database.query<{
          provider: Address;
          event_id: string;
          meter: string;
          dimensions: Record<string, string>;
          quantity: bigint;
          rate_card: number;
          price_basis: unknown;
          cost: bigint;
        }>(
          `select provider, event_id, meter, dimensions, quantity, rate_card, price_basis, sum(amount_micros) as cost
         from debits group by provider, event_id, meter, dimensions, quantity, rate_card, price_basis`,
        );
        expect(rows.length).to.be.greaterThan(200);
        const cards = await ledger.rateCards.list({ before: null, limit: 1_000 });
        for (const { provider, meter, dimensions, quantity, cost, ...row } of rows) {
          const card = cards.find(({ version }) => version === row.rate_card);
          if (card === undefined) throw new Error("a debit names a card that is not there");
          const found = findRate(indexRates([card]), { provider, meter, dimensions }, new Date());
          if (typeof found === "string") throw new Error(found);
          expect(recomputePrice(found, toPriceBasis(row.price_basis), quantity)).to.equal(cost);
        }
      });
    });

    context("when a batch meets fixed rates only", () => {
      it("asks nothing more of the database where no event meets a tiered or dynamic rate", async () => {
        const who = await payer();
        const counting = countingDatabase(ledger.database);
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

/** Tells which statements were made. */
function countingDatabase(database: Database): { database: Database; texts: string[] } {
  const texts: string[] = [];
  const observed = observe(database, async (text) => {
    texts.push(text);
  });
  return { texts, database: observed };
}

/** Leaves the transaction open for a while after a statement; `paused` resolves when it is. */
function slowAfter(database: Database, statement: RegExp) {
  const { promise: paused, resolve } = Promise.withResolvers<void>();
  const slow = observe(database, async (text) => {
    if (!statement.test(text)) return;
    await delay(20);
    resolve();
    await delay(300);
  });
  return { database: slow, paused };
}

function observe(database: Database, after: (text: string) => Promise<void>): Database {
  const observed = (sql: Sql): Sql => ({
    async query<Row extends object>(text: string, values?: readonly unknown[]) {
      const rows = await sql.query<Row>(text, values);
      await after(text);
      return rows;
    },
  });
  return {
    ...database,
    ...observed(database),
    transaction: (work, options) =>
      database.transaction((tx) => work({ ...tx, ...observed(tx) }), options),
  };
}
