import { Pool, type PoolClient, types } from "pg";

import { ConfigError } from "../process/environment.ts";
import type { Database, Sql, Transaction, TransactionOptions } from "./database.ts";
import { NESTED_LOOP_PLAN } from "./nestedLoopPlan.ts";
import { PARSERS } from "./values.ts";

/**
 * Opens a pool of `connections` to a PostgreSQL server. Rejects with a `ConfigError` if the server
 * does not answer.
 */
export async function openPgDatabase(url: string, connections: number): Promise<Database> {
  return await openPool(url, connections, SESSION);
}

/**
 * Opens a pool whose connections only read. The server ends a statement after `timeoutMs`, and
 * gives it one processor, so that readers leave the others to the debits.
 */
export async function openPgReads(
  url: string,
  { connections, timeoutMs }: { readonly connections: number; readonly timeoutMs: number },
): Promise<Database> {
  const bounds =
    `-c statement_timeout=${timeoutMs} -c default_transaction_read_only=on ` +
    "-c max_parallel_workers_per_gather=0";
  return await openPool(url, connections, `${SESSION} ${bounds}`);
}

async function openPool(url: string, connections: number, session: string): Promise<Database> {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    // Lets a transaction's first and last statements go out without waiting for an answer.
    pipeline: true,
    types: { getTypeParser },
    options: session,
  });
  // The pool replaces an idle connection that breaks. Without a listener the error ends the
  // process.
  pool.on("error", () => undefined);
  // A connection that breaks in use ends it too. Its current or next query rejects anyway.
  pool.on("connect", (client) => client.on("error", () => undefined));

  try {
    const { rows } = await pool.query<{ server_version: string }>("show server_version");
    return database(pool, `PostgreSQL ${rows[0]?.server_version}`);
  } catch (cause) {
    await pool.end();
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

function database(pool: Pool, description: string): Database {
  return {
    description,
    ...sqlOn(pool),
    async script(text) {
      await pool.query(text);
    },
    async transaction(work, options = {}) {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        const { tx, commit } = await beginOn(client, options);
        const result = await work(tx);
        await commit();
        return result;
      } catch (error) {
        // A connection that cannot roll back is in an unknown state, so the pool discards it.
        await client.query("rollback").catch((cause: Error) => (broken = cause));
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

async function beginOn(
  client: PoolClient,
  options: TransactionOptions,
): Promise<{ tx: Transaction; commit: () => Promise<void> }> {
  const begun = client.query(begin(options));
  if (options.nestedLoopPlan === true) begun.catch(() => undefined);
  else await begun;
  const sql = sqlOn(client);
  let last: Parameters<Transaction["withCommit"]> | undefined;
  return {
    tx: {
      async query<Row extends object>(text: string, values?: readonly unknown[]) {
        const rows = sql.query<Row>(text, values);
        await Promise.all([begun, rows]);
        return await rows;
      },
      async script(text) {
        await begun;
        await client.query(text);
      },
      withCommit(...statement) {
        last = statement;
      },
    },
    async commit() {
      // If the last statement fails, PostgreSQL turns the commit into a rollback, and this rejects.
      await Promise.all([begun, last && sql.query(...last), client.query("commit")]);
    },
  };
}

/** The statement that begins a transaction with these options. */
export function begin({
  isolation = "read committed",
  nestedLoopPlan = false,
}: TransactionOptions = {}): string {
  return `begin isolation level ${isolation}${nestedLoopPlan ? `;${NESTED_LOOP_PLAN}` : ""}`;
}

function sqlOn(queryable: Pool | PoolClient): Sql {
  return {
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      const { rows } = await queryable.query<Row>({
        name: nameOf(text),
        text,
        values: [...values],
      });
      return rows;
    },
  };
}

function getTypeParser(oid: number, format?: "text" | "binary") {
  return PARSERS[oid] ?? types.getTypeParser(oid, format);
}
