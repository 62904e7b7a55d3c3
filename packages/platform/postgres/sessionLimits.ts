/** How long a session may take for each thing. All times are in milliseconds. */
export interface SessionLimits {
  /** the server ends a statement after it */
  readonly statementMs: number;
  /** the server ends a statement that waits for a lock for so long */
  readonly lockMs: number;
  /** the server ends a session whose transaction waits for the client's next statement */
  readonly idleInTransactionMs: number;
  /** the client gives a connection up on which no answer came */
  readonly answerMs: number;
}

/** The client waits longer than the server works, so that a slow statement is told from silence. */
const ANSWER_LATENESS_MS = 1_000;

/**
 * For requests and everything else that locks what requests lock. A process that is frozen in a
 * transaction keeps its locks for 3 s. Others wait for them for 5 s, so they succeed after that.
 * Recovery from any fault takes less than 10 s, because no connection stays silent for longer than
 * 8 s. A transaction of 1,000 events takes some 100 ms, so there is room for a busy machine.
 */
export const REQUEST_LIMITS: SessionLimits = {
  statementMs: 7_000,
  lockMs: 5_000,
  idleInTransactionMs: 3_000,
  answerMs: 7_000 + ANSWER_LATENESS_MS,
};

/**
 * For workers that read whole tables, such as the cut of a checkpoint. They lock nothing that
 * debits need. Between two statements they hash, and rest as long as the last statement took.
 */
export const WORKER_LIMITS: SessionLimits = {
  statementMs: 120_000,
  lockMs: 60_000,
  idleInTransactionMs: 15_000,
  answerMs: 120_000 + ANSWER_LATENESS_MS,
};

/** For workers that lock accounts: if they freeze, debits wait no longer than for a request. */
export const LOCKING_WORKER_LIMITS: SessionLimits = {
  ...WORKER_LIMITS,
  idleInTransactionMs: REQUEST_LIMITS.idleInTransactionMs,
};

/** For migrations, audits and recovery: they may take an hour, and no request waits for them. */
export const MAINTENANCE_LIMITS: SessionLimits = {
  statementMs: 3_600_000,
  lockMs: 3_600_000,
  idleInTransactionMs: 600_000,
  answerMs: 3_600_000 + ANSWER_LATENESS_MS,
};

/** Limits of the connection itself, which are the same for all work. */
export const CONNECTION_LIMITS = {
  /** until a new connection is ready; opening one takes a few milliseconds */
  connectMs: 3_000,
  /** for a free connection of the pool: what holds the others ends within `answerMs` */
  waitMs: 5_000,
  /** until a connection that is closed must be gone, whether or not the other side says so */
  closeMs: 1_000,
  /** of silence before the client asks whether the other side is there */
  keepAliveDelayMs: 5_000,
};

/**
 * What the server does about a client that has gone. A keep-alive probe finds a lost machine within
 * 6 s, `tcp_user_timeout` one that takes no more data, and the connection check a client that closed
 * its end while its statement runs.
 */
const LOST_CLIENTS =
  "-c tcp_keepalives_idle=3 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 " +
  "-c tcp_user_timeout=6000 -c client_connection_check_interval=1000";

/** The limits as options of a new session. */
export function sessionOptions(limits: SessionLimits): string {
  const own = settings(limits).map(([name, value]) => `-c ${name}=${value}`);
  return `${LOST_CLIENTS} ${own.join(" ")}`;
}

/** Statements that set these limits until the end of the transaction. */
export function localLimits(limits: SessionLimits): string {
  return settings(limits)
    .map(([name, value]) => `set local ${name} = ${value}`)
    .join(";");
}

function settings(limits: SessionLimits): readonly (readonly [string, number])[] {
  return [
    ["statement_timeout", limits.statementMs],
    ["lock_timeout", limits.lockMs],
    ["idle_in_transaction_session_timeout", limits.idleInTransactionMs],
  ];
}
