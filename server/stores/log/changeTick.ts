import { setTimeout as delay } from "node:timers/promises";

import type { Database } from "@compute-credits/platform/postgres/database";

/** SQL: the tick that marks a changed row, so that the next cut finds it. */
export const CURRENT_TICK = "(select tick from cut_clock)";

/**
 * Advances the tick, then waits until no running transaction can mark rows with an earlier one.
 * Returns the new tick: changes that later snapshots do not see are marked with at least this.
 * Returns `null` after two seconds. Debits never wait for it. A reader of the tick locks its table
 * (`access share`) from before its snapshot until its end, so the current lock holders are the only
 * transactions that can have read an earlier tick.
 */
export async function advanceTick(database: Database): Promise<bigint | null> {
  const [counter] = await database.query<{ tick: bigint }>(
    `insert into cut_clock (tick) values (1)
     on conflict (only_one) do update set tick = cut_clock.tick + 1 returning tick`,
  );
  if (counter === undefined) throw new Error("an insert returned no row");

  const earlier = await readLockHolders(database);
  const giveUpAt = Date.now() + MAX_WAIT_MS;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- PostgreSQL does not notify when a transaction ends, so poll
    const now = new Set(await readLockHolders(database));
    if (!earlier.some((transaction) => now.has(transaction))) return counter.tick;
    if (Date.now() > giveUpAt) return null;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await delay(POLL_MS);
  }
}

/**
 * Debits take milliseconds. After a timeout the cut is still right, but the next one reads more
 * rows.
 */
const MAX_WAIT_MS = 2_000;
const POLL_MS = 5;

/** Reads which other transactions hold a lock on the tick's table, as virtual transaction ids. */
async function readLockHolders(database: Database): Promise<string[]> {
  const found = await database.query<{ name: string }>(
    `select virtualtransaction as name from pg_locks
     where relation = 'cut_clock'::regclass and pid <> pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())`,
  );
  return found.map(({ name }) => name);
}
