import type { Database } from "./database.ts";
import { openPgDatabase } from "./pgDatabase.ts";
import { openPgliteDatabase } from "./pgliteDatabase.ts";

/** The URL of a PostgreSQL server, or a folder for the embedded PostgreSQL. */
export type DatabaseLocation =
  { readonly url: string; readonly connections: number } | { readonly folder: string };

/** Opens the database and migrates its schema. Rejects, with the database closed, if that fails. */
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
