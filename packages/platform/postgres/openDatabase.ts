import { boundReads } from "./boundedReads.ts";
import type { Database } from "./database.ts";
import { openPgDatabase, openPgReads } from "./pgDatabase.ts";
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

/** Bounds of what reads take from a database, beside its writes. */
export interface ReadPool {
  /** connections to PostgreSQL; the embedded database has one in all */
  readonly connections: number;
  /** for one statement, and for the wait before it */
  readonly timeoutMs: number;
  /** reads that wait for a connection */
  readonly waiting: number;
}

export interface Reads {
  /** for requests: refuses a read at once if too many wait already */
  readonly bounded: Database;
  /** the same connections for long answers in many reads, which must not break off half-way */
  readonly patient: Database;
  close(): Promise<void>;
}

/**
 * Opens what requests read from: connections of their own to PostgreSQL, or turns on the embedded
 * database's only one.
 */
export async function openReads(
  location: DatabaseLocation,
  database: Database,
  { connections, timeoutMs, waiting }: ReadPool,
): Promise<Reads> {
  const bounds = { waiting, maxWaitMs: timeoutMs };
  if (!("url" in location)) {
    return {
      bounded: boundReads(database, { ...bounds, running: 1, sharesConnection: true }),
      patient: database,
      close: () => Promise.resolve(),
    };
  }
  const pool = await openPgReads(location.url, { connections, timeoutMs });
  return {
    bounded: boundReads(pool, { ...bounds, running: connections, sharesConnection: false }),
    patient: pool,
    close: () => pool.close(),
  };
}
