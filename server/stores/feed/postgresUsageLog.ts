import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { WORKER_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import {
  CHECKPOINT_COLUMNS,
  type CheckpointRecord,
  toCheckpoint,
} from "../checkpoints/postgresCheckpointStore.ts";
import { EMPTY_SNAPSHOT } from "../rollups/rolledUp.ts";
import { LOG_TABLES, readLogEntries } from "./readLogEntries.ts";
import type { LogCursor, LogPage, LogWindow, LoggedCut, UsageLog } from "./usageLog.ts";

/**
 * Statistics do not know the newest rows, so that the planner would read a whole table for a page
 * of them. Workers for a statement of milliseconds take longer to start than it.
 */
const USE_LOG_INDEXES = `select set_config('enable_seqscan', 'off', true),
  set_config('max_parallel_workers_per_gather', '0', true)`;

export function createUsageLog(database: Database): UsageLog {
  return {
    async page(window, after, limit) {
      if (after === null) await summarise(database);
      // Repeatable read: all tables are read as of one snapshot.
      return await database.transaction((tx) => readPage(tx, window, after, limit), {
        isolation: "repeatable read",
        limits: WORKER_LIMITS,
      });
    },

    async lacks(transaction) {
      // PostgreSQL tells the fate of transactions from about the last thousand million, null before.
      const [found] = await database.query<{ status: string | null }>(
        `select case when $1::text::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) then 'unknown'
           else pg_xact_status($1::text::xid8) end as status`,
        [transaction],
      );
      if (found?.status === "unknown") return true;
      // A recovery brings entries back under numbers whose transactions failed here.
      return found?.status === "aborted" && !(await hasEntries(database, transaction));
    },

    async cuts(after, limit) {
      const records = await database.query<CheckpointRecord & { snapshot: string | null }>(
        `select ${CHECKPOINT_COLUMNS}, snapshot from checkpoints
         where id > $1 order by id limit $2`,
        [after, limit],
      );
      return records.map((record): LoggedCut => ({
        checkpoint: toCheckpoint(record),
        snapshot: record.snapshot,
      }));
    },
  };
}

/** How long `summarise` waits for a vacuum of the same table, which does the same work. */
const SUMMARISE_LOCK_MS = 100;

/**
 * Lets the block range indexes know the newest rows. PostgreSQL's autovacuum does so once a minute;
 * until then each page of a reader that follows the log reads all rows of that minute. Debits do not
 * wait for it.
 */
async function summarise(database: Database): Promise<void> {
  const limits = { ...WORKER_LIMITS, lockMs: SUMMARISE_LOCK_MS };
  const statement = `select brin_summarize_new_values('debits_by_log_order'),
    brin_summarize_new_values('holds_by_log_order'), brin_summarize_new_values('voids_by_log_order')`;
  // Without it the page takes longer, and what else fails, fails there.
  await database.transaction((tx) => tx.query(statement), { limits }).catch(() => undefined);
}

async function hasEntries(sql: Sql, transaction: bigint): Promise<boolean> {
  // Plan: block ranges or scans. Only for a reader whose newest transaction failed here.
  const parts = LOG_TABLES.map((table) => `select from ${table} where transaction_id = $1`);
  return (await sql.query(`${parts.join(" union all ")} limit 1`, [transaction])).length > 0;
}

/** Reads a page in a transaction whose snapshot all of its pages share. */
async function readPage(
  tx: Sql,
  window: LogWindow,
  after: LogCursor | null,
  limit: number,
): Promise<LogPage> {
  await tx.query(USE_LOG_INDEXES);
  const since = window.since ?? EMPTY_SNAPSHOT;
  const upTo = window.upTo ?? (await readCurrentSnapshot(tx));
  const cursor = after ?? (await readOrders(tx, since, upTo));
  if (cursor === null) return { entries: [], upTo, next: null };

  const endOrder = cursor.order + BigInt(limit);
  const entries = await readLogEntries(tx, { since, upTo, firstOrder: cursor.order, endOrder });
  const isLastPage = endOrder > cursor.last;
  return { entries, upTo, next: isLastPage ? null : { order: endOrder, last: cursor.last } };
}

async function readCurrentSnapshot(tx: Sql): Promise<string> {
  const [found] = await tx.query<{ snapshot: string }>(
    "select pg_current_snapshot()::text as snapshot",
  );
  if (found === undefined) throw new Error("the database returned no snapshot");
  return found.snapshot;
}

/** Reads the first and last log order of a window. Returns `null` if it is empty. */
async function readOrders(tx: Sql, since: string, upTo: string): Promise<LogCursor | null> {
  // Plan: debits_by_log_order and the like (block ranges), so only blocks written since then are
  // read. A transaction that `since` does not see has an id of at least its xmin.
  const parts = LOG_TABLES.map(
    (table) => `select min(log_order) as first, max(log_order) as last from ${table}
      where transaction_id >= (select pg_snapshot_xmin($1::pg_snapshot)::text::bigint)
        and transaction_id < (select pg_snapshot_xmax($2::pg_snapshot)::text::bigint)
        and pg_visible_in_snapshot(transaction_id::text::xid8, $2::pg_snapshot)
        and not pg_visible_in_snapshot(transaction_id::text::xid8, $1::pg_snapshot)`,
  );
  const [found] = await tx.query<{ first: bigint | null; last: bigint | null }>(
    `select min(first) as first, max(last) as last from (${parts.join(" union all ")}) as tables`,
    [since, upTo],
  );
  if (found?.first == null || found.last === null) return null;
  return { order: found.first, last: found.last };
}
