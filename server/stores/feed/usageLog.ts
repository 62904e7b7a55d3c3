import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { StoredCheckpoint } from "../checkpoints/checkpointStore.ts";

/** The form of a snapshot, as `pg_current_snapshot` writes it. */
export const SNAPSHOT_PATTERN = /^\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19})*)?$/;

/** Which entries are asked for: those that `upTo` sees and `since` does not. PostgreSQL's snapshots, as text. */
export interface LogWindow {
  /** `null` for the beginning */
  readonly since: string | null;
  /** `null` for now */
  readonly upTo: string | null;
}

export interface LogPage {
  /** in their order */
  readonly entries: readonly LogEntry[];
  /** what `now` was: the window that the following pages are asked of */
  readonly upTo: string;
  /** where the next page begins; `null` after the last */
  readonly next: LogCursor | null;
}

export interface LogCursor {
  readonly order: bigint;
  /** the last order of the window */
  readonly last: bigint;
}

/** A checkpoint with the snapshot that it was cut from. */
export interface LoggedCut {
  readonly checkpoint: StoredCheckpoint;
  /** `null` for one that was cut before there was a log to follow */
  readonly snapshot: string | null;
}

/** The log for those who make the rows again. Reads only, and takes no lock. */
export interface UsageLog {
  page(window: LogWindow, after: LogCursor | null, limit: number): Promise<LogPage>;
  /** every checkpoint that was ever cut, dropped ones too, oldest first */
  cuts(after: bigint, limit: number): Promise<readonly LoggedCut[]>;
}
