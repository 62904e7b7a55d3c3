import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { StoredCheckpoint } from "../checkpoints/checkpointStore.ts";

/** `xmin:xmax:xip_list`, as `pg_current_snapshot` prints it */
const SNAPSHOT_PATTERN = /^(\d{1,18}):(\d{1,18}):(\d{1,18}(?:,\d{1,18})*)?$/;

/**
 * Whether PostgreSQL would read the text as a snapshot: transactions from 1 on, `xmin` at most `xmax`,
 * and the list ascending between them (`parse_snapshot` in xid8funcs.c).
 */
export function isSnapshot(text: string): boolean {
  const found = SNAPSHOT_PATTERN.exec(text);
  if (found === null) return false;
  const [, least = "", end = "", list] = found;
  const [xmin, xmax] = [BigInt(least), BigInt(end)];
  if (xmin < 1n || xmin > xmax) return false;
  let last = xmin;
  for (const item of list?.split(",") ?? []) {
    const transaction = BigInt(item);
    if (transaction < last || transaction >= xmax) return false;
    last = transaction;
  }
  return true;
}

/**
 * Selects the entries that the snapshot `upTo` sees and `since` does not. PostgreSQL snapshots, as
 * text.
 */
export interface LogWindow {
  /** `null` for the start of the log */
  readonly since: string | null;
  /** `null` for now */
  readonly upTo: string | null;
}

export interface LogPage {
  /** in log order */
  readonly entries: readonly LogEntry[];
  /** the snapshot that stood for "now": use it in the window of the following pages */
  readonly upTo: string;
  /** start of the next page; `null` after the last */
  readonly next: LogCursor | null;
}

export interface LogCursor {
  /** the first log order of the page */
  readonly order: bigint;
  /** the last log order of the window */
  readonly last: bigint;
}

/** A checkpoint and the snapshot that it was cut from. */
export interface LoggedCut {
  readonly checkpoint: StoredCheckpoint;
  /** `null` for a checkpoint older than the usage log */
  readonly snapshot: string | null;
}

/** The log that auditors replay to recompute the rows. Only reads, takes no lock. */
export interface UsageLog {
  /**
   * Reads up to `limit` entries of a window. Start with `after` null, then pass the previous page's
   * `next`.
   */
  page(window: LogWindow, after: LogCursor | null, limit: number): Promise<LogPage>;
  /**
   * Whether a transaction that a reader saw in this log is missing from it: the database was
   * replaced by an older one.
   */
  lacks(transaction: bigint): Promise<boolean>;
  /** Lists every checkpoint ever cut, dropped ones included, oldest first, after the id `after`. */
  cuts(after: bigint, limit: number): Promise<readonly LoggedCut[]>;
}
