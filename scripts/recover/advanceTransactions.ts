import type { Database } from "@compute-credits/platform/postgres/database";
import { UsageError } from "@compute-credits/platform/process/commandLine";

/** About two minutes. */
const MOST_TRANSACTIONS = 20_000_000n;

/**
 * Uses up PostgreSQL's transaction numbers until the next one is above `last`: the log's entries and
 * checkpoints name transactions, and what is recorded from now on must come after them.
 */
export async function advanceTransactions(database: Database, last: bigint): Promise<void> {
  const [now] = await database.query<{ next: bigint }>(
    "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next",
  );
  const missing = last + 1n - (now?.next ?? 0n);
  if (missing <= 0n) return;
  if (missing > MOST_TRANSACTIONS) {
    throw new UsageError(
      `This PostgreSQL has to skip ${missing} transaction numbers, which takes too long one by ` +
        `one: stop it, run "pg_resetwal --next-transaction-id=${(last + 1n) % 2n ** 32n}" with ` +
        `"--epoch=${(last + 1n) / 2n ** 32n}" on its folder, and start it again.`,
    );
  }
  // A commit without anything written needs no disk.
  await database.script(
    `do $$ begin
       set synchronous_commit = off;
       for n in 1..${missing} loop
         perform pg_current_xact_id();
         commit;
       end loop;
     end $$`,
  );
}
