import type { SessionLimits } from "./sessionLimits.ts";

/**
 * SQL with positional parameters. A `bytea` parameter may be a `Uint8Array`. Results have `bytea`
 * as `0x…` text, and `bigint` and `numeric` as `bigint`.
 */
export interface Sql {
  /** Rejects with `DatabaseUnavailable` in an outage. */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Transaction extends Sql {
  /** Runs several statements without parameters or results. */
  script(text: string): Promise<void>;
  /**
   * Adds a last statement. All of them are sent in this order together with the commit, which saves
   * a round trip, and return no rows. If one fails, so does the transaction.
   */
  withCommit(text: string, values: readonly unknown[]): void;
}

/** The same transaction, for writes that return no rows and go with the commit. */
export function atCommit(tx: Transaction): Sql {
  return {
    query(text, values = []) {
      tx.withCommit(text, values);
      return Promise.resolve([]);
    },
  };
}

export interface TransactionOptions {
  /** with "repeatable read" all statements share a snapshot; by default each has its own */
  readonly isolation?: "read committed" | "repeatable read";
  /**
   * Forces nested loops over an index. An update then locks rows in the order of its keys, and
   * stale statistics never cause a full scan. The first statements are sent without waiting for
   * `begin`; they need the condition `HAS_BEGUN`, so that they write nothing if `begin` fails.
   */
  readonly nestedLoopPlan?: boolean;
  /** how long its statements may take; by default as long as those of requests */
  readonly limits?: SessionLimits;
}

/** PostgreSQL, either embedded (PGlite) or a server. Both run the same SQL. */
export interface Database extends Sql {
  /** Runs `work` in a transaction: commits when it resolves, rolls back when it rejects. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs several statements without parameters or results. */
  script(text: string): Promise<void>;
  /** for the log: "PGlite, embedded" or the server's version */
  readonly description: string;
  /**
   * Resolves with what keeps the database from taking writes now, or `null`. A database that failed
   * a write for want of space is asked to write something else first. Rejects, if the connection
   * stays silent, after `timeoutMs`; the wait for a free connection comes on top.
   */
  check(timeoutMs: number): Promise<string | null>;
  /**
   * Calls back, from now on, whenever the server ended a connection: behind the next one may be
   * another server, or older files. An embedded database ends none.
   */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}
