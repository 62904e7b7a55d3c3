import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { createLogSegmentStore } from "../../server/stores/feed/postgresLogSegmentStore.ts";
import { createUsageLog } from "../../server/stores/feed/postgresUsageLog.ts";

/** The newest segment of a log that has been published to its end; `null` while it has not. */
export async function wholeLogUpTo(databaseUrl: string): Promise<bigint | null> {
  const database = await openPgDatabase(databaseUrl, 2);
  try {
    const newest = await createLogSegmentStore(database).newest();
    if (newest === null) return null;
    const beyond = await createUsageLog(database).page({ since: newest.upTo, upTo: null }, null, 1);
    return beyond.entries.length === 0 ? newest.number : null;
  } finally {
    await database.close();
  }
}
