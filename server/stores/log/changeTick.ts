import { setTimeout as delay } from "node:timers/promises";

import type { Database } from "@compute-credits/platform/postgres/database";

/** SQL: the count that a changed row is marked with, so that the next cut finds it. */
export const CURRENT_TICK = "(select tick from cut_clock)";

/**
 * Counts one up, so that what changes from now on is told from what changed before, and gives the transactions under way
 * a moment to end. Nobody waits for the cut. Returns the count that everything has which a snapshot taken from now on
 * does not hold; `null` where a transaction that may have read an earlier count goes on and on.
 *
 * Whoever reads the count locks its table (`access share`) before it takes the snapshot that it reads it by, and until it
 * ends. So those that hold the lock now are all that may have read an earlier one.
 */
export async function advanceTick(database: Database): Promise<bigint | null> {
  const [clock] = await database.query<{ tick: bigint }>(
    `insert into cut_clock (tick) values (1)
     on conflict (only_one) do update set tick = cut_clock.tick + 1 returning tick`,
  );
  if (clock === undefined) throw new Error("an insert without a row");

  const under = await readers(database);
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- PostgreSQL tells of no end of a transaction: it has to be asked
    const now = new Set(await readers(database));
    if (!under.some((transaction) => now.has(transaction))) return clock.tick;
    if (Date.now() > giveUpAt) return null;
    // oxlint-disable-next-line no-await-in-loop -- see above
    await delay(PAUSE_MS);
  }
}

/** Debits take milliseconds. A cut that waited in vain is as good; the one after it looks at more rows. */
const PATIENCE_MS = 2_000;
const PAUSE_MS = 5;

/** The transactions that have read the count, by PostgreSQL's name for them. */
async function readers(database: Database): Promise<string[]> {
  const found = await database.query<{ name: string }>(
    `select virtualtransaction as name from pg_locks
     where relation = 'cut_clock'::regclass and pid <> pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())`,
  );
  return found.map(({ name }) => name);
}
