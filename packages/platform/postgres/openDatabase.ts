import { type InTurn, boundReads, takeTurns } from "./boundedReads.ts";
import type { Database } from "./database.ts";
import { openPgDatabase, openPgReads } from "./pgDatabase.ts";
import { openPgliteDatabase } from "./pgliteDatabase.ts";
import type { SessionLimits } from "./sessionLimits.ts";

/** The URL of a PostgreSQL server, or a folder for the embedded PostgreSQL. */
export type DatabaseLocation =
  { readonly url: string; readonly connections: number } | { readonly folder: string };

/**
 * Opens the database and migrates its schema. Rejects, with the database closed, if that fails.
 * A program that serves no requests gives its statements longer limits.
 */
export async function openDatabase(
  location: DatabaseLocation,
  migrate: (database: Database) => Promise<void>,
  limits?: SessionLimits,
): Promise<Database> {
  const database =
    "url" in location
      ? await openPgDatabase(location.url, location.connections, limits)
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
  /** how long long work leaves the database to others after it took so long */
  readonly restMs: (tookMs: number) => number;
}

export interface Reads {
  /** for requests: refuses a read at once if too many wait already */
  readonly bounded: Database;
  /** the same for reads of whole tables: one at a time, and rest after each */
  readonly heavy: Database;
  /**
   * the same connections for long answers in many reads, which must not break off half-way: one
   * read at a time, and rest after each
   */
  readonly patient: Database;
  /** for writes of thousands of rows: one at a time, and rest after each */
  readonly inBulkTurn: InTurn;
  close(): Promise<void>;
}

/**
 * Opens what requests read from: connections of their own to PostgreSQL, or turns on the embedded
 * database's only one.
 */
export async function openReads(
  location: DatabaseLocation,
  database: Database,
  { connections, timeoutMs, waiting, restMs }: ReadPool,
): Promise<Reads> {
  const bounds = { waiting, maxWaitMs: timeoutMs };
  const oneByOne = { running: 1, restMs };
  const inBulkTurn = takeTurns({ ...oneByOne, waiting, maxWaitMs: BULK_WAIT_MS });
  const unbounded = { waiting: Number.POSITIVE_INFINITY, maxWaitMs: Number.POSITIVE_INFINITY };
  if (!("url" in location)) {
    // The only connection is the debits', too: reads leave it to them for as long as they took.
    const shared = { running: 1, restMs: (tookMs: number) => Math.max(tookMs, restMs(tookMs)) };
    const bounded = boundReads(database, { ...bounds, ...shared });
    return {
      bounded,
      heavy: bounded,
      patient: boundReads(database, { ...unbounded, ...shared }),
      inBulkTurn,
      close: () => Promise.resolve(),
    };
  }
  const pool = await openPgReads(location.url, { connections, timeoutMs });
  return {
    bounded: boundReads(pool, { ...bounds, running: connections, restMs: () => 0 }),
    heavy: boundReads(pool, { ...bounds, ...oneByOne }),
    patient: boundReads(pool, { ...unbounded, ...oneByOne }),
    inBulkTurn,
    close: () => pool.close(),
  };
}

/** The wait before a bulk write: it may follow some others, of a second each. */
const BULK_WAIT_MS = 30_000;
