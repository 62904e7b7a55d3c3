import type { Database } from "@compute-credits/platform/postgres/database";
import { UsageError } from "@compute-credits/platform/process/commandLine";

/** More than PostgreSQL lets any cluster have in use: this takes some three hours. */
const MOST_TRANSACTIONS = 2_000_000_000n;

/** About a minute. */
const PER_STATEMENT = 10_000_000n;

/**
 * Uses up PostgreSQL's transaction numbers until the next one is above `last`: the log's entries and
 * checkpoints name transactions, and what is recorded from now on must come after them.
 */
export async function advanceTransactions(
  database: Database,
  last: bigint,
  onProgress: (missing: bigint) => void = () => undefined,
): Promise<void> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one statement after the other
    const [now] = await database.query<{ next: bigint }>(
      "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as next",
    );
    const missing = last + 1n - (now?.next ?? 0n);
    if (missing <= 0n) return;
    if (missing > MOST_TRANSACTIONS) {
      throw new UsageError(
        `This PostgreSQL would have to skip ${missing} transaction numbers, which takes too long. ` +
          "Restore a backup of the lost server: its numbers are close.",
      );
    }
    if (missing > PER_STATEMENT) onProgress(missing);
    const count = missing < PER_STATEMENT ? missing : PER_STATEMENT;
    // A commit without anything written needs no disk.
    // oxlint-disable-next-line no-await-in-loop
    await database.script(
      `do $$ declare before text := current_setting('synchronous_commit'); begin
         perform set_config('synchronous_commit', 'off', false);
         for n in 1..${count} loop
           perform pg_current_xact_id();
           commit;
         end loop;
         perform set_config('synchronous_commit', before, false);
       end $$`,
    );
  }
}
