import type { Database } from "../../ports/database.ts";
import { migrateFrom } from "./migrate.ts";

const MIGRATIONS = new URL("./migrations/", import.meta.url);

/** Brings the ledger's schema up to date. */
export async function migrateLedger(database: Database): Promise<void> {
  await migrateFrom(MIGRATIONS, database);
}
