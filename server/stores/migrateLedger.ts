import type { Database } from "@compute-credits/platform/postgres/database";
import { migrateFrom } from "@compute-credits/platform/postgres/migrate";

const MIGRATIONS = new URL("./migrations/", import.meta.url);

/** Brings the ledger's schema up to date. */
export async function migrateLedger(database: Database): Promise<void> {
  await migrateFrom(MIGRATIONS, database);
}
