/** SQL with positional parameters; a `bytea` may be given as bytes. `bytea` is read as `0x…`, `bigint` and `numeric` as `bigint`. */
export interface Sql {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Transaction extends Sql {
  /** Runs many statements, without parameters or results, as PostgreSQL separates them. */
  script(text: string): Promise<void>;
  /** The last statement, of which no rows are wanted: it is sent with the commit, and where it fails so does the transaction. */
  withCommit(text: string, values: readonly unknown[]): void;
}

export interface TransactionOptions {
  /** "repeatable read" sees one moment throughout; the default sees each statement's own */
  readonly isolation?: "read committed" | "repeatable read";
  /**
   * Joins go row by row through an index, in the order of what is joined: so an update locks its rows in the order of the
   * keys that it is given, and no statistics of a table that just grew make it read the table whole. The first statements
   * are sent with the begin, without waiting for it: should it fail, they must write nothing, by the condition `HAS_BEGUN`.
   */
  readonly nestedLoopPlan?: boolean;
}

/** PostgreSQL, embedded or a server: the same SQL on both. */
export interface Database extends Sql {
  /** Commits when `work` resolves, rolls back when it rejects. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs many statements at once, without parameters or results. */
  script(text: string): Promise<void>;
  /** How an operator would call it: "PGlite, embedded" or the server's version. */
  readonly description: string;
  close(): Promise<void>;
}
