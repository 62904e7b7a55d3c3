import { readClock } from "@compute-credits/platform/postgres/clock";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { PoolTotals } from "@compute-credits/rules/insight/vaultTotals";
import { readHistoryStart } from "../chain/chainHistory.ts";
import type { HistoryNotKept, PastLedger, PastStore } from "./pastStore.ts";
import { sumRevenue } from "./revenue.ts";

export function createPastStore(database: Database): PastStore {
  return {
    before: (at) =>
      database.transaction((sql) => readBefore(sql, at), { isolation: "repeatable read" }),
  };
}

const NOTHING: PoolTotals = { spent: 0n, refunded: 0n, earned: 0n };

const EVER = { from: new Date(0), to: new Date("9999-12-31T00:00:00Z") };

async function readBefore(sql: Sql, at: Date): Promise<PastLedger | HistoryNotKept> {
  const readAt = await readClock(sql);
  const purchases = await readPurchases(sql, at);
  const start = await readHistoryStart(sql);
  // Purchases without a time are older than each that has one.
  const begins = [start?.begunAt, purchases.timedSince].filter((time) => time != null);
  const begunAt = new Date(Math.max(...begins.map((time) => time.getTime()), 0));
  if (at < begunAt) return { begunAt, block: start?.block ?? 0n };

  const spending = await readSpending(sql, at);
  const settled = await readSettled(sql, at);
  const checkpoints = await readCheckpoints(sql, at);
  const claims = await readClaims(sql, at);
  const books = await readBooks(sql);
  return {
    readAt,
    readBlock: books.block,
    block: [purchases.block, settled.block, claims.block].reduce((a, b) => (a > b ? a : b)),
    purchased: purchases.before,
    spent: spending.before.spent,
    refunded: checkpoints.refunded,
    earned: spending.before.earned,
    settled: settled.before,
    newestCheckpoint: checkpoints.newest,
    finalCheckpoint: checkpoints.final,
    since: {
      purchased: purchases.since,
      settled: minus(settled.now, settled.before),
      feesClaimed: claims.since,
    },
    addsUp:
      purchases.before + purchases.since === books.purchased &&
      spending.before.spent + spending.since.spent === books.spent &&
      spending.before.earned + spending.since.earned === books.earned &&
      checkpoints.refundedNow === books.refunded &&
      isSame(settled.now, books.settled),
  };
}

async function readPurchases(sql: Sql, at: Date) {
  // Plan: all purchases, as the present report reads them.
  const [found] = await sql.query<{
    before: bigint;
    since: bigint;
    block: bigint;
    timedSince: Date | null;
  }>(
    `select coalesce(sum(amount_micros) filter (where not coalesce(recorded_at >= $1, false)), 0)
         as before,
       coalesce(sum(amount_micros) filter (where recorded_at >= $1), 0) as since,
       coalesce(max(block_number) filter (where not coalesce(recorded_at >= $1, false)), 0)
         as block,
       case when bool_or(recorded_at is null) then min(recorded_at) end as "timedSince"
     from purchases`,
    [at],
  );
  if (found === undefined) throw new Error("an aggregate returned no row");
  return found;
}

/** The daily sums leave out what was voided at any time: what was voided since counted before. */
async function readSpending(sql: Sql, at: Date) {
  const { from, to } = EVER;
  const before = at > from ? await sumRevenue(sql, { from, to: at }) : { spent: 0n, earned: 0n };
  const since = await sumRevenue(sql, { from: at, to });
  // Plan: all voids, and their debits by key.
  const [voided] = await sql.query<{ spent: bigint; fees: bigint }>(
    `select coalesce(sum(d.amount_micros), 0) as spent, coalesce(sum(d.fee_micros), 0) as fees
     from voids v join debits d using (provider, event_id)
     where v.voided_at >= $1 and d.recorded_at < $1`,
    [at],
  );
  const { spent, fees } = voided ?? { spent: 0n, fees: 0n };
  const earned = spent - fees;
  return {
    before: { spent: before.spent + spent, earned: before.earned + earned },
    since: { spent: since.spent - spent, earned: since.earned - earned },
  };
}

async function readSettled(sql: Sql, at: Date) {
  // Plan: all of settled_rows_of_party, twice.
  const newest = `select coalesce(sum(spent), 0) as spent, coalesce(sum(refunded), 0) as refunded,
      coalesce(sum(earned), 0) as earned, coalesce(max(block_number), 0) as block
    from (select distinct on (party) * from settled_rows where recorded_at < $1
      order by party, block_number desc, log_index desc) as rows`;
  const [before] = await sql.query<PoolTotals & { block: bigint }>(newest, [at]);
  const [now] = await sql.query<PoolTotals>(newest, [EVER.to]);
  if (before === undefined || now === undefined) throw new Error("an aggregate returned no row");
  const { block, ...totals } = before;
  return { before: totals, now, block };
}

/**
 * A cut turns what was requested into what was refunded, also if its checkpoint is dropped later.
 * What the chain settled shows that a checkpoint was final, whatever the chain's clock says.
 */
async function readCheckpoints(sql: Sql, at: Date) {
  const totals = "spent, refunded, earned from checkpoints";
  const counted = "cut_at < $1 and (not dropped or coalesce(dropped_at, abandoned_at) >= $1)";
  // Plan: checkpoints by primary key, backwards.
  const [cut] = await sql.query<PoolTotals>(
    `select ${totals} where cut_at < $1 order by id desc limit 1`,
    [at],
  );
  const [last] = await sql.query<PoolTotals>(`select ${totals} order by id desc limit 1`);
  const [newest] = await sql.query<PoolTotals>(
    `select ${totals} where ${counted} order by id desc limit 1`,
    [at],
  );
  const [final] = await sql.query<PoolTotals>(
    `select ${totals} where ${counted} and (final_at < $1 or epoch <=
       (select max(epoch) from settled_rows where recorded_at < $1))
     order by id desc limit 1`,
    [at],
  );
  return {
    refunded: cut?.refunded ?? 0n,
    refundedNow: last?.refunded ?? 0n,
    newest: newest ?? NOTHING,
    final: final ?? null,
  };
}

async function readClaims(sql: Sql, at: Date) {
  // Plan: all claims, of which there are few.
  const [found] = await sql.query<{ since: bigint; block: bigint }>(
    `select coalesce(sum(amount_micros) filter (where recorded_at >= $1), 0) as since,
       coalesce(max(block_number) filter (where recorded_at < $1), 0) as block
     from fee_claims`,
    [at],
  );
  if (found === undefined) throw new Error("an aggregate returned no row");
  return found;
}

/** What the balances say now. */
async function readBooks(sql: Sql) {
  // Plan: all accounts, earnings and settlements, as the present report reads them.
  const [accounts] = await sql.query<Record<"purchased" | "spent" | "refunded", bigint>>(
    `select coalesce(sum(purchased), 0) as purchased, coalesce(sum(spent), 0) as spent,
       coalesce(sum(refunded), 0) as refunded from accounts`,
  );
  const [others] = await sql.query<{ earned: bigint; block: bigint }>(
    `select (select coalesce(sum(earned), 0) from earnings) as earned,
       (select block_number from chain_cursor) as block`,
  );
  const [settled] = await sql.query<PoolTotals>(
    `select coalesce(sum(spent), 0) as spent, coalesce(sum(refunded), 0) as refunded,
       coalesce(sum(earned), 0) as earned from settlements`,
  );
  if (!accounts || !others || !settled) throw new Error("an aggregate returned no row");
  return { ...accounts, ...others, settled };
}

function minus(whole: PoolTotals, part: PoolTotals): PoolTotals {
  return {
    spent: whole.spent - part.spent,
    refunded: whole.refunded - part.refunded,
    earned: whole.earned - part.earned,
  };
}

function isSame(one: PoolTotals, other: PoolTotals): boolean {
  return (
    one.spent === other.spent && one.refunded === other.refunded && one.earned === other.earned
  );
}
