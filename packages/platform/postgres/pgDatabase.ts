import { type PoolClient, types } from "pg";

import { ConfigError } from "../process/environment.ts";
import type { Database, Sql, Transaction, TransactionOptions } from "./database.ts";
import {
  type Outcome,
  DatabaseUnavailable,
  isAnswer,
  sqlState,
  toOutage,
} from "./databaseUnavailable.ts";
import { NESTED_LOOP_PLAN } from "./nestedLoopPlan.ts";
import { type PgConnections, createPgConnections } from "./pgConnections.ts";
import { isWrite, noteCommit } from "./sentWrites.ts";
import {
  CONNECTION_LIMITS,
  REQUEST_LIMITS,
  type SessionLimits,
  localLimits,
} from "./sessionLimits.ts";
import { OID, PARSERS, timestampOf } from "./values.ts";
import { createWriteCheck } from "./writeCheck.ts";
import { withWriteFence } from "./writeFence.ts";

/**
 * Opens a pool of `connections` to a PostgreSQL server, whose statements have these limits. Rejects
 * with a `ConfigError` if the server does not answer.
 */
export async function openPgDatabase(
  url: string,
  connections: number,
  limits: SessionLimits = REQUEST_LIMITS,
): Promise<Database> {
  const { waitMs } = CONNECTION_LIMITS;
  return await open({ url, connections, limits, session: SESSION, waitMs });
}

/**
 * Opens a pool whose connections only read. The server ends a statement after `timeoutMs`, and
 * gives it one processor, so that readers leave the others to the debits.
 */
export async function openPgReads(
  url: string,
  { connections, timeoutMs }: { readonly connections: number; readonly timeoutMs: number },
): Promise<Database> {
  const limits = {
    ...REQUEST_LIMITS,
    statementMs: timeoutMs,
    // No one waits for what a reader locks, so it may think as long as its statements run.
    idleInTransactionMs: Math.max(REQUEST_LIMITS.idleInTransactionMs, timeoutMs),
    answerMs: timeoutMs + REQUEST_LIMITS.answerMs - REQUEST_LIMITS.statementMs,
  };
  const session = `${SESSION} -c default_transaction_read_only=on -c max_parallel_workers_per_gather=0`;
  // Two kinds of long reads may wait behind as many reads as there are connections.
  const waitMs = CONNECTION_LIMITS.waitMs + timeoutMs;
  return await open({ url, connections, limits, session, waitMs });
}

interface OpenOptions {
  readonly url: string;
  readonly connections: number;
  readonly limits: SessionLimits;
  readonly session: string;
  readonly waitMs: number;
}

async function open(options: OpenOptions): Promise<Database> {
  const pool = createPgConnections({ ...options, types: { getTypeParser } });
  try {
    const [server] = await sqlOn(pool).query<{ server_version: string }>("show server_version");
    return database(pool, `PostgreSQL ${server?.server_version}`);
  } catch (error) {
    await pool.close();
    const cause = error instanceof DatabaseUnavailable ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`cannot use the database that DATABASE_URL names (${reason})`, { cause });
  }
}

/**
 * The ledger reads at most a few thousand of millions of rows, by key, so plans must use indexes.
 * The default `random_page_cost` is for spinning disks and leads to full scans, and so does a plan
 * cached while a table was small. JIT compilation takes longer than any statement runs.
 */
const SESSION = "-c random_page_cost=1.1 -c plan_cache_mode=force_custom_plan -c jit=off";

/** The prepared statement's name for each text. Each connection prepares a statement once. */
const statementNames = new Map<string, string>();

function nameOf(text: string): string {
  const known = statementNames.get(text);
  if (known !== undefined) return known;
  const name = `credits_${statementNames.size}`;
  statementNames.set(text, name);
  return name;
}

function database(pool: PgConnections, description: string): Database {
  const writes = createWriteCheck();

  async function transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    const client = await pool.take();
    const begun = beginOn(client, options);
    let takeBack: (() => void) | undefined;
    try {
      const result = await work(await begun.tx());
      if (begun.hasWritten()) takeBack = noteCommit();
      await begun.commit();
      pool.giveBack(client);
      if (takeBack !== undefined) writes.succeeded();
      return result;
    } catch (error) {
      writes.failed(error);
      const broken = await rollBack(client, error);
      pool.giveBack(client, broken);
      // A session that goes on after its commit failed has answered that it rolled back.
      const isKnown = takeBack === undefined || broken === undefined || begun.wasRefused();
      const outcome: Outcome = isKnown ? "nothing" : "unknown";
      if (outcome === "nothing") takeBack?.();
      throw toOutage(error, outcome);
    }
  }

  const sql = sqlOn(pool, writes.failed);
  return withWriteFence({
    description,
    ...sql,
    async script(text) {
      await withClient(pool, { isChange: true }, (client) => client.query(text));
    },
    transaction,
    check: (timeoutMs) =>
      writes.check({
        query: async <Row extends object>(text: string) =>
          await withClient(pool, { isChange: false }, async (client) => {
            const query = { text, query_timeout: timeoutMs };
            return (await client.query<Row>(query)).rows;
          }),
        transaction,
      }),
    onLost: (listener) => pool.onLost(listener),
    close: () => pool.close(),
  });
}

/** Returns why the connection must end, if it must: one that cannot roll back is in no known state. */
async function rollBack(client: PoolClient, error: unknown): Promise<unknown> {
  if (isConnectionFailure(error)) return error;
  return await client.query("rollback").then(
    () => undefined,
    (cause: unknown) => cause,
  );
}

/** Whether it is the connection's own failure: what PostgreSQL or the work says is no reason. */
function isConnectionFailure(error: unknown): boolean {
  return toOutage(error, "nothing") instanceof DatabaseUnavailable && !isAnswer(error);
}

/** A transaction of a connection, which begins with the first use of `tx`. */
function beginOn(client: PoolClient, options: TransactionOptions) {
  const { limits, nestedLoopPlan } = options;
  const answerMs = limits?.answerMs;
  const begun = client.query(withAnswerMs({ text: begin(options) }, answerMs));
  begun.catch(() => undefined);
  const sql = sqlIn(client, answerMs);
  const last: Parameters<Transaction["withCommit"]>[] = [];
  let hasWritten = false;
  let wasRefused = false;
  const tx: Transaction = {
    async query<Row extends object>(text: string, values?: readonly unknown[]) {
      hasWritten ||= isWrite(text);
      const rows = sql.query<Row>(text, values);
      await Promise.all([begun, rows]);
      return await rows;
    },
    async script(text) {
      hasWritten = true;
      await begun;
      await client.query(withAnswerMs({ text }, answerMs));
    },
    withCommit(...statement) {
      hasWritten = true;
      last.push(statement);
    },
  };
  return {
    async tx() {
      if (nestedLoopPlan !== true) await begun;
      return tx;
    },
    hasWritten: () => hasWritten,
    /** Whether PostgreSQL answered that a statement before the commit failed. */
    wasRefused: () => wasRefused,
    async commit(): Promise<void> {
      // If a last statement fails, PostgreSQL turns the commit into a rollback, and this rejects.
      const before = [begun, ...last.map((statement) => sql.query(...statement))];
      for (const statement of before) {
        statement.catch((error: unknown) => {
          if (sqlState(error) !== undefined) wasRefused = true;
        });
      }
      await Promise.all([...before, client.query("commit")]);
    },
  };
}

/** The statement that begins a transaction with these options. */
export function begin({
  isolation = "read committed",
  nestedLoopPlan = false,
  limits,
}: TransactionOptions = {}): string {
  const settings = [
    ...(nestedLoopPlan ? [NESTED_LOOP_PLAN] : []),
    ...(limits === undefined ? [] : [localLimits(limits)]),
  ];
  return [`begin isolation level ${isolation}`, ...settings].join(";");
}

/** Runs each statement on any connection of the pool, in a transaction of its own. */
function sqlOn(pool: PgConnections, onError: (error: unknown) => void = () => undefined): Sql {
  return {
    async query<Row extends object>(text: string, values?: readonly unknown[]) {
      return await withClient(
        pool,
        { isChange: isWrite(text), onError },
        async (client) => await sqlIn(client).query<Row>(text, values),
      );
    },
  };
}

interface SingleOptions {
  readonly isChange: boolean;
  readonly onError?: (error: unknown) => void;
}

async function withClient<T>(
  pool: PgConnections,
  { isChange, onError }: SingleOptions,
  statement: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.take();
  const takeBack = isChange ? noteCommit() : undefined;
  try {
    const result = await statement(client);
    pool.giveBack(client);
    return result;
  } catch (error) {
    onError?.(error);
    const isLost = isConnectionFailure(error);
    pool.giveBack(client, isLost ? error : undefined);
    const outcome: Outcome = isChange && isLost ? "unknown" : "nothing";
    if (outcome === "nothing") takeBack?.();
    throw toOutage(error, outcome);
  }
}

function sqlIn(client: PoolClient, answerMs?: number): Sql {
  return {
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      const query = { name: nameOf(text), text, values: [...values] };
      const { rows } = await client.query<Row>(withAnswerMs(query, answerMs));
      return rows;
    },
  };
}

/** Adds a limit of its own to a statement. The driver's types do not know it. */
function withAnswerMs<Query extends object>(query: Query, answerMs: number | undefined): Query {
  return answerMs === undefined ? query : { ...query, query_timeout: answerMs };
}

function getTypeParser(oid: number, format?: "text" | "binary") {
  if (oid === OID.timestamptz && format !== "binary") return parseTimestamp;
  return PARSERS[oid] ?? types.getTypeParser(oid, format);
}

const parseAnyTimestamp = types.getTypeParser(OID.timestamptz, "text");

function parseTimestamp(text: string): unknown {
  return timestampOf(text) ?? parseAnyTimestamp(text);
}
