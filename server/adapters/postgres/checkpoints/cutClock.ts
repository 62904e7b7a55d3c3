import { setTimeout as delay } from "node:timers/promises";

import type { Database } from "../../../ports/database.ts";

/**
 * Counts one up and waits until no transaction is left that may have read the count before. From then on a snapshot holds
 * all that was marked with an earlier count: what it does not hold is marked with this one or a later one, and the next
 * cut finds it there. Nobody waits for the cut; the cut waits for the transactions under way.
 *
 * Writers mark rows after they have taken a lock, so they have a transaction id before they read the count.
 */
export async function nextTick(database: Database): Promise<bigint> {
  const [clock] = await database.query<{ tick: bigint }>(
    "update cut_clock set tick = tick + 1 returning tick",
  );
  const [bound] = await database.query<{ first_after: bigint }>(
    "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as first_after",
  );
  if (clock === undefined || bound === undefined) throw new Error("the cut clock is missing");

  const giveUpAt = Date.now() + PATIENCE_MS;
  while ((await oldestUnderWay(database)) < bound.first_after) {
    if (Date.now() > giveUpAt) {
      throw new Error(
        "no checkpoint could be cut: a transaction that writes to this PostgreSQL server has been open for over " +
          `${PATIENCE_MS / 1000} seconds; pg_stat_activity tells which (the oldest xact_start)`,
      );
    }
    // oxlint-disable-next-line no-await-in-loop -- PostgreSQL tells of no end of a transaction: it has to be asked
    await delay(PAUSE_MS);
  }
  return clock.tick;
}

/** Debits take milliseconds; whatever takes longer is not the ledger's. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 5;

async function oldestUnderWay(database: Database): Promise<bigint> {
  const [oldest] = await database.query<{ xid: bigint }>(
    "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xid",
  );
  if (oldest === undefined) throw new Error("the database tells no transaction ids");
  return oldest.xid;
}
