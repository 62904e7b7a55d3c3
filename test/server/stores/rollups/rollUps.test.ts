import { expect } from "chai";
import * as fc from "fast-check";
import type { Address, Hex } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { bytea } from "@compute-credits/platform/postgres/values";
import { GROUPINGS, type LogOwner } from "../../../../server/stores/insight/insightStore.ts";
import { createInsightStore } from "../../../../server/stores/insight/postgresInsightStore.ts";
import { createReportStore } from "../../../../server/stores/insight/postgresReportStore.ts";
import { readLogRevenue } from "../../../../server/stores/insight/revenue.ts";
import { readLogSums } from "../../../../server/stores/insight/usageSums.ts";
import { createRollUpStore } from "../../../../server/stores/rollups/postgresRollUpStore.ts";
import type { CheckPlace } from "../../../../server/stores/rollups/rollUpStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { newLedgerDatabase } from "../../../fixtures/postgresServer.ts";

const HOUR_MS = 3_600_000;
const [provider, otherProvider] = [party(7_000), party(7_001)];
const [account, sponsor] = [party(7_100), party(7_101)];

const OWNERS: readonly LogOwner[] = [
  { role: "account", address: account },
  { role: "account", address: sponsor },
  { role: "provider", address: provider },
  { role: "provider", address: otherProvider },
];

/** What happens to a ledger between two reads. */
const anyStep = fc.oneof(
  { weight: 6, arbitrary: fc.record({ spend: fc.nat(120), hoursAgo: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ capture: fc.nat(60), hoursAgo: fc.nat(100) }) },
  { weight: 3, arbitrary: fc.record({ voidNth: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ addMost: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 2, arbitrary: fc.record({ crashAtQuery: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ restart: fc.constant(true) }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

const anyRange = fc
  .tuple(fc.integer({ min: -130, max: 2 }), fc.integer({ min: 1, max: 130 }), fc.nat(HOUR_MS - 1))
  .map(([fromHours, hours, ms]) => ({ fromHours, hours, ms }));

for (const { name, open } of databaseKinds) {
  describe(`daily sums on ${name}`, () => {
    let ledger: Ledger;
    let spenders: Hex[];
    let voidable: { provider: Address; id: string }[] = [];

    before(async () => {
      ledger = await openLedger(await open());
      await ledger.purchase(account, "1");
      await ledger.purchase(sponsor, "1000");
      // The account's allowances run out, so that the sponsor's pays parts of its events.
      const first = await ledger.allow(account, { priority: 1, limit: 150n, period: 86_400n });
      const { spender } = first.message;
      await ledger.allow(account, { spender, priority: 2, limit: 40n, period: 86_400n });
      await ledger.allow(sponsor, { spender, priority: 3 });
      const own = await ledger.allow(sponsor);
      spenders = [spender, own.message.spender];
      for (const each of spenders) {
        // oxlint-disable-next-line no-await-in-loop -- four statements
        await ledger.grantAccess(each, provider);
        // oxlint-disable-next-line no-await-in-loop -- as above
        await ledger.grantAccess(each, otherProvider);
      }
    });
    after(() => ledger.database.close());

    /** Records as if it had happened earlier. Nothing has added the debits to a sum yet. */
    async function moveBack(id: string, hoursAgo: number): Promise<void> {
      await ledger.database.query(
        `update debits set recorded_at = recorded_at - make_interval(hours => $1::int)
         where event_id = $2`,
        [hoursAgo, id],
      );
    }

    async function spend(quantity: number, hoursAgo: number): Promise<void> {
      const event = usageEvent({
        provider: quantity % 3 === 0 ? otherProvider : provider,
        spender: spenders[quantity % 5 === 0 ? 1 : 0] ?? "0x",
        quantity: BigInt(quantity),
      });
      const [outcome] = await ledger.usage.record([event]);
      expect(outcome?.result).to.equal("debited");
      await moveBack(event.id, hoursAgo);
      voidable.push(event);
    }

    async function capture(quantity: number, hoursAgo: number): Promise<void> {
      const { id } = usageEvent({ provider, spender: "0x" });
      const hold = { provider, id: `hold-${id}` };
      const held = await ledger.holds.authorize({
        ...hold,
        spender: spenders[1] ?? "0x",
        meter: "units",
        dimensions: {},
        quantity: 60n,
        ttlSeconds: 600,
      });
      expect(held.result).to.equal("held");
      await ledger.holds.capture({ ...hold, eventId: id, quantity: BigInt(quantity), final: true });
      await moveBack(id, hoursAgo);
      voidable.push({ provider, id });
    }

    async function apply(step: Step): Promise<void> {
      if ("spend" in step) await spend(step.spend, step.hoursAgo);
      else if ("capture" in step) await capture(step.capture, step.hoursAgo);
      else if ("voidNth" in step) {
        const event = voidable[step.voidNth % Math.max(1, voidable.length)];
        if (event !== undefined) await ledger.usage.void(event);
      } else if ("addMost" in step) await ledger.rollUps.addNext(step.addMost);
      else if ("crashAtQuery" in step) {
        const crashing = createRollUpStore(crashingAt(ledger.database, step.crashAtQuery));
        await crashing.addNext(3).catch(() => undefined);
      } else await ledger.rollUps.restart();
    }

    async function expectExact({
      fromHours,
      hours,
      ms,
    }: {
      fromHours: number;
      hours: number;
      ms: number;
    }) {
      const from = new Date(Date.now() + fromHours * HOUR_MS + ms);
      const range = { from, to: new Date(from.getTime() + hours * HOUR_MS) };
      for (const owner of OWNERS) {
        for (const groupBy of GROUPINGS) {
          const query = { ...range, groupBy, limit: 1_000 };
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          const [sums, logged] = await Promise.all([
            ledger.insight.usage(owner, query),
            readLogSums(ledger.database, owner, query),
          ]);
          expect(sums, `${owner.role} by ${groupBy}`).to.deep.equal(logged);
        }
      }
      const price = { tokenUnit: 1n, creditMicrosPerToken: 1n };
      const { revenue } = await ledger.reports.report({ ...range, price });
      expect(revenue).to.deep.equal(await readLogRevenue(ledger.database, range));
    }

    /** Compares every day with the log; returns the first that differs. */
    async function firstMismatch() {
      let place: CheckPlace | null = null;
      do {
        // oxlint-disable-next-line no-await-in-loop -- from place to place
        const checked = await ledger.rollUps.checkNext(place);
        if (checked.mismatch !== null) return checked.mismatch;
        ({ place } = checked);
      } while (place !== null);
      return null;
    }

    async function addAll(): Promise<void> {
      // oxlint-disable-next-line no-await-in-loop -- slice by slice
      while ((await ledger.rollUps.addNext(1_000)) === "more");
    }

    it("say what the log says, whatever was added when, and wherever a server crashed", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyStep, { minLength: 4, maxLength: 14 }),
          fc.array(anyRange, { minLength: 2, maxLength: 3 }),
          async (steps, ranges) => {
            // A first whole window, so that reads use the sums from here on.
            await addAll();
            for (const step of steps) {
              // oxlint-disable-next-line no-await-in-loop -- one after the other
              await apply(step);
            }
            for (const range of ranges) {
              // oxlint-disable-next-line no-await-in-loop -- as above
              await expectExact(range);
            }
            expect(await firstMismatch()).to.equal(null);
          },
        ),
        { numRuns: name === "PGlite" ? 8 : 20 },
      );
    });

    it("hold everything once all is added, and nothing is left to add", async () => {
      await spend(7, 30);
      await addAll();
      const [left] = await ledger.database.query<{ next: bigint; end: bigint; same: boolean }>(
        "select next_order as next, end_order as end, since = up_to as same from roll_up",
      );
      expect(left?.same).to.equal(true);
      expect(left?.next).to.equal(left?.end);
      const [sums] = await ledger.database.query<{ rolled: bigint; logged: bigint }>(
        `select (select sum(amount_micros) from payer_days) as rolled,
           (select sum(amount_micros) from debits d where not exists (select from voids v
             where v.provider = d.provider and v.event_id = d.event_id)) as logged`,
      );
      expect(sums?.rolled).to.equal(sums?.logged);
      await expectExact({ fromHours: -130, hours: 200, ms: 0 });
    });

    it("are read: a sum over whole days notices a changed sum, and so does the check", async () => {
      await addAll();
      await ledger.database.query(
        `update payer_days set amount_micros = amount_micros + 1
         where ctid = (select ctid from payer_days where account = $1 limit 1)`,
        [bytea(sponsor)],
      );
      const owner: LogOwner = { role: "account", address: sponsor };
      const query = {
        from: new Date("2020-01-01"),
        to: new Date("2100-01-01"),
        groupBy: "account",
        limit: 10,
      } as const;
      const [sum] = await ledger.insight.usage(owner, query);
      const [logged] = await readLogSums(ledger.database, owner, query);
      expect(sum?.amountMicros).to.equal((logged?.amountMicros ?? 0n) + 1n);
      expect(await firstMismatch()).to.not.equal(null);

      await ledger.rollUps.restart();
      expect(await ledger.insight.usage(owner, query)).to.deep.equal([logged]);
      await addAll();
      expect(await firstMismatch()).to.equal(null);
      expect(await ledger.insight.usage(owner, query)).to.deep.equal([logged]);
    });

    it("whose provider's sum differs from its payers' are noticed by the check", async () => {
      await addAll();
      await ledger.database.query("update provider_days set events = events + 1");
      expect((await firstMismatch())?.role).to.equal("provider");
      await ledger.rollUps.restart();
    });

    it("begin anew on a server whose transactions are not those of the sums", async () => {
      await addAll();
      await ledger.database.query("update roll_up set since = '1:1:', up_to = $1", [
        "900000000000:900000000000:",
      ]);
      await expectExact({ fromHours: -130, hours: 200, ms: 1 });
      await addAll();
      await expectExact({ fromHours: -130, hours: 200, ms: 1 });
      expect(await firstMismatch()).to.equal(null);
    });
  });
}

describe("daily sums beside debits that commit late", () => {
  it("miss no debit of a transaction that began before them, and count none twice", async () => {
    const database = await openPgDatabase(await newLedgerDatabase(), 8);
    const ledger = await openLedger(database);
    const insight = createInsightStore(database);
    await ledger.purchase(account, "1000");
    const { message } = await ledger.allow(account);
    await ledger.grantAccess(message.spender, provider);
    const owner: LogOwner = { role: "provider", address: provider };
    const query = {
      from: new Date("2020-01-01"),
      to: new Date("2100-01-01"),
      groupBy: "day",
      limit: 10,
    } as const;
    const read = async () => {
      const [sum] = await insight.usage(owner, query);
      return [sum?.events ?? 0n, sum?.amountMicros ?? 0n];
    };
    const record = async (quantity: bigint) => {
      const event = usageEvent({ provider, spender: message.spender, quantity });
      await ledger.usage.record([event]);
    };

    await record(1n);
    const [held, started] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const late = database.transaction(async (tx) => {
      await tx.query(
        `insert into debits (provider, event_id, part, account, allowance, spender, meter, quantity,
           dimensions, occurred_at, recorded_at, rate_card, amount_micros, fee_micros)
         select provider, 'late', 0, account, allowance, spender, meter, 100, dimensions,
           occurred_at, recorded_at, rate_card, 100, 0 from debits`,
      );
      started.resolve();
      await held.promise;
    });
    await started.promise;
    await record(10n);
    expect(await ledger.rollUps.addNext(1_000)).to.equal("done");
    expect(await read()).to.deep.equal([2n, 11n]);
    held.resolve();
    await late;
    expect(await read()).to.deep.equal([3n, 111n]);
    expect(await ledger.rollUps.addNext(1_000)).to.equal("done");
    expect(await read()).to.deep.equal([3n, 111n]);
    expect(await ledger.rollUps.checkNext(null)).to.include({ mismatch: null });
    await database.close();
  });

  it("are added by one server at a time", async () => {
    const database = await openPgDatabase(await newLedgerDatabase(), 8);
    const ledger = await openLedger(database);
    await ledger.purchase(account, "1000");
    const { message } = await ledger.allow(account);
    await ledger.grantAccess(message.spender, provider);
    for (let n = 0; n < 20; n++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await ledger.usage.record([usageEvent({ provider, spender: message.spender })]);
    }
    const servers = [1, 2, 3, 4].map(() => createRollUpStore(database));
    for (let round = 0; round < 20; round++) {
      // oxlint-disable-next-line no-await-in-loop -- all servers at once, again and again
      await Promise.all(servers.map((server) => server.addNext(3)));
    }
    const price = { tokenUnit: 1n, creditMicrosPerToken: 1n };
    const range = { from: new Date("2020-01-01"), to: new Date("2100-01-01") };
    const { revenue } = await createReportStore(database).report({ ...range, price });
    expect(revenue.map(({ events }) => events)).to.deep.equal([20n]);
    const [sum] = await database.query<{ parts: bigint }>(
      "select sum(parts) as parts from payer_days",
    );
    expect(sum?.parts).to.equal(20n);
    await database.close();
  });
});

/** A database on which the n-th query of a transaction, from 0, fails: like a crash, it rolls back. */
function crashingAt(database: Database, crashAt: number): Database {
  return {
    ...database,
    transaction: (work, options) =>
      database.transaction((tx) => {
        let count = 0;
        return work({
          ...tx,
          async query<Row extends object>(text: string, values?: readonly unknown[]) {
            if (count++ === crashAt) throw new Error("the server crashed");
            return await tx.query<Row>(text, values);
          },
        });
      }, options),
  };
}
