import { setTimeout as delay } from "node:timers/promises";

import { RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";

import type { Database } from "@compute-credits/platform/postgres/database";
import type { BudgetTerms, Limiter } from "./budget.ts";
import { createMemoryLimiter } from "./memoryLimiter.ts";

/** The statement takes a millisecond. Later than this, the process's own count decides. */
const ANSWER_MS = 250;

/** Statements at one time, so that a slow database's connections are left to the debits. */
const MOST_STATEMENTS = 4;

/**
 * Counts in the database, for all servers together. While the database is slow or away, each server
 * counts by itself, so that the limit holds and nobody is refused for an outage.
 */
export function createSharedLimiter(
  database: Pick<Database, "query">,
  terms: BudgetTerms,
  answerMs = ANSWER_MS,
): Limiter {
  const { points, seconds, policy } = terms;
  let open = 0;

  /** The part of a driver's client that the library uses. */
  async function query({ text, values }: Statement): Promise<{ rows: readonly Row[] }> {
    if (open >= MOST_STATEMENTS) throw new Error("as many statements run as may");
    open++;
    const answered = new AbortController();
    const rows = database.query<StoredRow>(text, values).finally(() => {
      open--;
      answered.abort();
    });
    const late = delay(answerMs, undefined, { signal: answered.signal, ref: false }).then(
      () => {
        throw new Error("the database is slow");
      },
      () => rows,
    );
    return { rows: (await Promise.race([rows, late])).map(toRow) };
  }

  const shared = new RateLimiterPostgres({
    storeClient: { query },
    storeType: "client",
    tableName: "rate_limits",
    tableCreated: true,
    // A worker of the server deletes ended rows.
    clearExpiredByTimeout: false,
    keyPrefix: policy,
    points,
    duration: seconds,
    // Who is over its limit costs no further statement.
    inMemoryBlockOnConsumed: points + 1,
  });
  // Not the library's insurance, which would take any number of parties.
  const own = createMemoryLimiter(terms);
  return {
    async consume(party, cost) {
      try {
        return await shared.consume(party, cost);
      } catch (error) {
        if (error instanceof RateLimiterRes) throw error;
        return await own.consume(party, cost);
      }
    },
  };
}

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

interface StoredRow {
  readonly points: number | bigint;
  readonly expire: bigint;
}

interface Row {
  readonly points: number;
  readonly expire: number;
}

/** The library computes with numbers, which hold milliseconds exactly. */
function toRow({ points, expire }: StoredRow): Row {
  return { points: Number(points), expire: Number(expire) };
}
