import { expect } from "chai";
import { type Address, type Hex, keccak256, numberToHex, pad } from "viem";

import { createAccountStore } from "../../../../server/stores/accounts/postgresAccountStore.ts";
import { createInsightStore } from "../../../../server/stores/insight/postgresInsightStore.ts";
import { BURN_WINDOWS } from "@compute-credits/rules/insight/burn";
import type { AccountStore } from "../../../../server/stores/accounts/accountStore.ts";
import {
  GROUPINGS,
  type InsightStore,
  type LogOwner,
} from "../../../../server/stores/insight/insightStore.ts";
import { eventually } from "../../../../scripts/local/eventually.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger } from "../../../fixtures/ledger.ts";
import { type PlanNode, explaining, keysOf } from "../../../fixtures/plans.ts";

const ACCOUNTS = 3_000;
const PROVIDERS = 50;
const DEBITS = 30_000;

/** Tables that no query may scan. */
const BIG_TABLES = [
  "accounts",
  "allowances",
  "debits",
  "earnings",
  "holds",
  "open_holds",
  "hold_parts",
  "payer_days",
];

/** The indexes that find a party's days. */
const DAY_INDEXES = ["payer_days_pkey", "payer_days_of_provider", "provider_days_pkey"];

const accountOf = (n: number): Address => numberToHex(0xa00000 + n, { size: 20 });
const providerOf = (n: number): Address => numberToHex(0xb00000 + n, { size: 20 });
const allowanceOf = (n: number): Hex => pad(numberToHex(n), { size: 32 });

/** SQL expressions of an address and an id for the number `n`. */
const address = (base: number, n: string) => `decode(lpad(to_hex(${base} + ${n}), 40, '0'), 'hex')`;
const id = (n: string) => `decode(lpad(to_hex(${n}), 64, '0'), 'hex')`;

for (const { name, open } of databaseKinds) {
  describe(`plans of read queries on ${name}`, () => {
    let ledger: Ledger;
    let insight: InsightStore;
    let accounts: AccountStore;
    let takePlans: () => readonly PlanNode[];
    const account: LogOwner = { role: "account", address: accountOf(17) };
    const provider: LogOwner = { role: "provider", address: providerOf(17) };

    before(async () => {
      ledger = await openLedger(await open());
      await fill();
      const watched = explaining(ledger.database);
      ({ takePlans } = watched);
      insight = createInsightStore(watched.database);
      accounts = createAccountStore(watched.database);
    });
    after(() => ledger.database.close());

    /**
     * Fills thousands of accounts with an allowance each, ten days of debits, some voids and some
     * holds.
     */
    async function fill(): Promise<void> {
      const [a, p] = [address(0xa00000, `i % ${ACCOUNTS}`), address(0xb00000, `i % ${PROVIDERS}`)];
      await ledger.database.script(`
        insert into accounts (address, purchased, spent)
          select ${address(0xa00000, "i")}, 1000000, 10 from generate_series(0, ${ACCOUNTS - 1}) i;
        insert into purchases select 1, i, '\\x00', ${a}, ${a}, 1000000, 1, now()
          from generate_series(0, ${ACCOUNTS - 1}) i;
        insert into signed_allowances (id, account, spender, period_seconds, starts_at, expires_at,
            priority, scope, scope_providers, scope_meters, account_cap_micros, counter, salt,
            signature)
          select ${id("i")}, ${address(0xa00000, "i")}, ${id("i")}, 0, 0, 0, 1, ${id("0")}, '{}',
            '{}', 1000000, 0, i, '\\x00'
          from generate_series(0, ${ACCOUNTS - 1}) i;
        insert into allowance_usage (id, limit_micros, rollover_micros) select id, 1000000, 0
          from signed_allowances;
        insert into debits (provider, event_id, part, account, allowance, spender, meter, quantity,
            dimensions, occurred_at, recorded_at, rate_card, amount_micros, fee_micros,
            payload_hash)
          select ${p}, 'event-' || i, 0, ${a}, ${id(`i % ${ACCOUNTS}`)}, ${id(`i % ${ACCOUNTS}`)},
            'units', 1, '{}', now(),
            date_trunc('milliseconds', now()) - make_interval(secs => (${DEBITS} - i) * 30), 1, 1,
            0, ${id("i")}
          from generate_series(0, ${DEBITS - 1}) i;
        insert into voids select ${p}, 'event-' || i, 1
          from generate_series(0, ${DEBITS - 1}, 40) i;
        insert into earnings select ${a}, ${p}, 1 from generate_series(0, ${ACCOUNTS - 1}) i;
        insert into holds (provider, hold_id, spender, meter, dimensions, quantity, rate,
          request_hash, created_at, expires_at, account, allowance)
          select ${p}, 'hold-' || i, ${id(`i % ${ACCOUNTS}`)}, 'units', '{}', 1, '{}', ${id("i")},
            now() - make_interval(secs => i * 30), now(), ${a}, ${id(`i % ${ACCOUNTS}`)}
            from generate_series(1, 6000) i;
        insert into open_holds select spender, provider, hold_id, expires_at, account from holds;
        insert into hold_parts
          select ${p}, 'hold-' || i, 1, ${a}, ${id(`i % ${ACCOUNTS}`)}, 0
            from generate_series(1, 6000) i;
      `);
      // Tests beside this one run on the same server. What one of them began before this counts as
      // new to the sums until it ends.
      await eventually("older transactions to end", async () => {
        const [found] = await ledger.database.query<{ ended: boolean }>(
          `select max(transaction_id) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
             as ended from debits`,
        );
        return found?.ended;
      });
      // oxlint-disable-next-line no-await-in-loop -- slice by slice
      while ((await ledger.rollUps.addNext(10_000)) === "more");
      await ledger.database.script("analyze");
    }

    /** Checks that no big table is scanned and that these indexes are used. */
    async function goesByKey(read: () => Promise<unknown>, ...indexes: string[]): Promise<void> {
      takePlans();
      await read();
      const nodes = takePlans();
      expect(nodes).to.have.length.greaterThan(0);
      const whole = nodes
        .filter((node) => node["Node Type"].endsWith("Seq Scan"))
        .map((node) => node["Relation Name"] ?? "");
      expect(whole.filter((table) => BIG_TABLES.includes(table))).to.deep.equal([]);
      expect(keysOf(nodes)).to.include.members(indexes);
    }

    it("run on filled tables", async () => {
      const page = { after: null, limit: 1_000 };
      const filter = { meter: null, spender: null, from: null, to: null };
      expect(await insight.debits(account, filter, page)).to.have.length(10);
      expect(await insight.debits(provider, filter, page)).to.have.length(600);
    });

    it("read a balance by primary keys and the earnings index", async () => {
      await goesByKey(
        () => accounts.balance(account.address),
        "accounts_pkey",
        "earnings_of_provider",
      );
    });

    for (const [owner, index] of [
      [account, "debits_of_account"],
      [provider, "debits_of_provider"],
    ] as const) {
      it(`read pages of one ${owner.role}'s log in index order`, async () => {
        const first = { after: null, limit: 5 };
        const filter = {
          meter: "units",
          spender: null,
          from: new Date("2020-01-01"),
          to: new Date("2100-01-01"),
        };
        await goesByKey(() => insight.debits(owner, filter, first), index);
        const [, , third] = await insight.debits(owner, filter, first);
        if (third === undefined) throw new Error("the page has less than five entries");
        await goesByKey(() => insight.debits(owner, filter, { after: third, limit: 5 }), index);
      });

      it(`start one ${owner.role}'s log at the cursor, not at its end`, async () => {
        const filter = { meter: null, spender: null, from: null, to: null };
        const [newest] = await insight.debits(owner, filter, { after: null, limit: 1 });
        if (newest === undefined) throw new Error("the log is empty");
        takePlans();
        await insight.debits(owner, filter, { after: newest, limit: 5 });
        const conditions = takePlans()
          .filter((node) => node["Index Name"] === index)
          .map((node) => node["Index Cond"]);
        expect(conditions.join()).to.include("recorded_at <=");
      });

      for (const groupBy of GROUPINGS) {
        it(`sum one ${owner.role}'s log by ${groupBy} over a range of its index`, async () => {
          const range = { from: new Date(Date.now() - 86_400_000), to: new Date(), limit: 10 };
          await goesByKey(() => insight.usage(owner, { groupBy, ...range }), index);
        });

        it(`sum one ${owner.role}'s year by ${groupBy} from its days, and the newest entries`, async () => {
          const to = new Date();
          const from = new Date(to.getTime() - 365 * 86_400_000);
          takePlans();
          await insight.usage(owner, { groupBy, from, to, limit: 10 });
          const nodes = takePlans();
          const scanned = nodes
            .filter((node) => node["Node Type"].endsWith("Seq Scan"))
            .map((node) => node["Relation Name"] ?? "");
          expect(scanned).to.not.include.members(["debits", "payer_days"]);
          expect(keysOf(nodes)).to.satisfy((keys: readonly string[]) =>
            keys.some((key) => DAY_INDEXES.includes(key)),
          );
          // What is not in the sums is found by its transaction, never by reading the year.
          expect(keysOf(nodes)).to.include("debits_by_log_order");
        });
      }
    }

    it("read an account's spending limits by key", async () => {
      await goesByKey(
        () => insight.outlook(account.address, BURN_WINDOWS),
        "accounts_pkey",
        "allowance_usage_pkey",
        "debits_of_account",
      );
    });

    it("read budgets by key, from the cursor on", async () => {
      for (const after of [null, allowanceOf(17)]) {
        // oxlint-disable-next-line no-await-in-loop -- plans are taken one after the other
        await goesByKey(
          () => insight.budgets(account, { after, limit: 5 }),
          "allowances_of_account",
          "debits_of_account",
        );
      }
    });

    it("explain an event by key, reported or captured", async () => {
      const event = { provider: providerOf(17), id: "event-17" };
      expect((await insight.explain(event))?.parts).to.have.length(1);
      await goesByKey(
        () => insight.explain(event),
        "debits_pkey",
        "signed_allowances_pkey",
        "debits_of_account",
        "holds_of_spender",
        "purchases_of_account",
      );
    });

    it("are rejected if a query scans a table", async () => {
      const watched = explaining(ledger.database);
      await watched.database.query("select count(*) from debits where quantity = $1", [
        BigInt(keccak256("0x00").length),
      ]);
      expect(watched.takePlans().map((node) => node["Node Type"])).to.include("Seq Scan");
    });
  });
}
