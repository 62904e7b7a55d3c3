import type { Database } from "./database.ts";
import { openPgDatabase } from "./pgDatabase.ts";
import { openPgliteDatabase } from "./pgliteDatabase.ts";

/** Where the ledger lives: a PostgreSQL server, or a folder for the embedded one. */
export type DatabaseLocation =
  { readonly url: string; readonly connections: number } | { readonly folder: string };

/** Opens the database and brings its schema up to date. */
export async function openDatabase(
  location: DatabaseLocation,
  migrate: (database: Database) => Promise<void>,
): Promise<Database> {
  const database =
    "url" in location
      ? await openPgDatabase(location.url, location.connections)
      : await openPgliteDatabase(location.folder);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
