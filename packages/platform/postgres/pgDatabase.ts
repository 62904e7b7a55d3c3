import { Pool, type PoolClient, types } from "pg";

import type { Database, Sql, Transaction, TransactionOptions } from "./database.ts";
import { NESTED_LOOP_PLAN } from "./nestedLoopPlan.ts";
import { PARSERS } from "./values.ts";

/** A PostgreSQL server, through a pool of `connections`. */
export async function openPgDatabase(url: string, connections: number): Promise<Database> {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    // What need not wait for an answer does not: a transaction's first and last statements.
    pipeline: true,
    types: { getTypeParser },
    options: SESSION,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);
  // So would one that breaks in use. There the query that was under way rejects, or the next one does.
  pool.on("connect", (client) => client.on("error", () => undefined));

  try {
    const { rows } = await pool.query<{ server_version: string }>("show server_version");
    return database(pool, `PostgreSQL ${rows[0]?.server_version}`);
  } catch (cause) {
    await pool.end();
    throw new Error("cannot reach the database that DATABASE_URL names", { cause });
  }
}

/**
 * The ledger reads by key, a few thousand rows at most out of millions, so its plans must go by index. PostgreSQL's default
 * costs are those of spinning disks and choose whole tables; a plan kept from when a table was small does so too. Compiling
 * a plan takes longer than any of them runs.
 */
const SESSION = "-c random_page_cost=1.1 -c plan_cache_mode=force_custom_plan -c jit=off";

/** Prepared once on each connection, under a name that stands for its text. */
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
        const { tx, committed } = await beginOn(client, options);
        const result = await work(tx);
        await committed();
        return result;
      } catch (error) {
        // A connection that cannot roll back is in an unknown state: it is thrown away, not reused.
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
): Promise<{ tx: Transaction; committed: () => Promise<void> }> {
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
    async committed() {
      // After a statement that failed, this commit is a rollback; and the failure is what is told.
      await Promise.all([begun, last && sql.query(...last), client.query("commit")]);
    },
  };
}

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
