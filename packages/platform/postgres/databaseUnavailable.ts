/** What is known about a transaction, or a statement by itself, that failed. */
export type Outcome =
  /** it was rolled back, or never began */
  | "nothing"
  /** its commit was sent, and no answer came */
  | "unknown";

/**
 * Thrown in place of what the driver or PostgreSQL failed with, if it is an outage: the same
 * statement may succeed later, unchanged. Keeps PostgreSQL's error code.
 */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";
  readonly outcome: Outcome;
  readonly code: string | undefined;

  constructor(cause: unknown, outcome: Outcome) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`the database is unavailable (${reason})`, { cause });
    this.outcome = outcome;
    this.code = sqlState(cause);
  }
}

/** Returns an outage as `DatabaseUnavailable`, and any other error as it is. */
export function toOutage(error: unknown, outcome: Outcome): unknown {
  if (error instanceof DatabaseUnavailable || !isOutage(error)) return error;
  return new DatabaseUnavailable(error, outcome);
}

/** Whether the database, its machine or the way to it failed, and not the statement. */
export function isOutage(error: unknown): boolean {
  const code = sqlState(error);
  return code === undefined ? isDriverFailure(error) : OUTAGES.test(code);
}

/** Whether writes fail until an operator acts or the fault ends: no space, or only reads. */
export function refusesWrites(error: unknown): boolean {
  const code = sqlState(error);
  return code !== undefined && /^(25006|53[12]\w\w|58)/.test(code);
}

/** Whether a connection that threw this may go on: PostgreSQL answered, and keeps the session. */
export function isAnswer(error: unknown): boolean {
  const code = sqlState(error);
  return code !== undefined && !/^(08|25P03|25P04|57P|58)/.test(code);
}

/** The code that PostgreSQL gave, such as "53100". */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const code = String(error.code);
  return /^[0-9A-Z]{5}$/.test(code) && !SYSTEM_CODES.has(code) ? code : undefined;
}

/**
 * 08: connection. 25006: only reads. 25P03, 25P04: the session was idle for too long. 53: no disk,
 * memory or connections. 55P03: waited too long for a lock. 57: ended, shutting down, starting.
 * 58: the system.
 */
const OUTAGES = /^(08|25006|25P03|25P04|53|55P03|57|58)/;

/** Of Node.js and the system. */
const SYSTEM_CODES = new Set([
  "EACCES",
  "EADDRNOTAVAIL",
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EMFILE",
  "ENETDOWN",
  "ENETUNREACH",
  "ENFILE",
  "ENOENT",
  "ENOTCONN",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** The driver gives its own errors no code. */
const DRIVER_MESSAGES = new Set([
  "Client has encountered a connection error and is not queryable",
  "Client was closed and is not queryable",
  "Connection terminated",
  "Connection terminated due to connection timeout",
  "Connection terminated unexpectedly",
  "Query read timeout",
  "timeout exceeded when trying to connect",
  "timeout expired",
]);

function isDriverFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (DRIVER_MESSAGES.has(error.message)) return true;
  return "code" in error && SYSTEM_CODES.has(String(error.code));
}
