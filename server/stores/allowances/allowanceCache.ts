import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { burnDownOrder } from "@compute-credits/rules/allowances/burnDownOrder";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { ALLOWANCE_COLUMNS_OF_L, type AllowanceRecord, toAllowance } from "./allowanceRecord.ts";
import { byteaArray } from "@compute-credits/platform/postgres/values";

/** SQL: how many transactions have brought allowances. */
export const ARRIVAL_COUNT = "(select count from allowance_arrivals)";

/**
 * The allowances of spenders as this process first read them: what was signed never changes; whether they are revoked and
 * how far they are used is old. Of new ones the database tells by a count, which whoever decides by an answer compares.
 */
export interface AllowanceCache {
  /** All that each of these spenders had when the count was `upTo`, those first that are spent first. */
  lastSeen(
    sql: Sql,
    asked: readonly { readonly spender: SpenderId }[],
  ): Promise<LastSeenAllowances>;
  /** Learns of those that came until the count was `arrived`. */
  takeArrivals(sql: Sql, arrived: bigint): Promise<void>;
}

export interface LastSeenAllowances {
  readonly allowances: readonly (readonly Allowance[])[];
  readonly upTo: bigint;
}

export function createAllowanceCache(): AllowanceCache {
  let seen = new Map<SpenderId, readonly Allowance[]>();
  let seenUpTo: bigint | null = null;
  let count = 0;

  return {
    async takeArrivals(sql, arrived) {
      if (seenUpTo === null || arrived <= seenUpTo) return;
      // allowances_by_arrival
      const records = await sql.query<AllowanceRecord>(
        `select ${ALLOWANCE_COLUMNS_OF_L} from allowances l where arrival > $1 and arrival <= $2`,
        [seenUpTo, arrived],
      );
      // Of a spender that was never asked about, all will be read when it is.
      const ofSeen = records.filter(({ spender }) => seen.has(spender));
      for (const record of ofSeen) count += take(seen, record);
      if (arrived > seenUpTo) seenUpTo = arrived;
    },

    async lastSeen(sql, asked) {
      // Before anything is looked up: what this batch needs must stay until it is decided.
      if (count > MOST_CACHED_ALLOWANCES) {
        seen = new Map();
        count = 0;
      }
      if (seenUpTo === null) {
        const arrived = await readArrivals(sql);
        seenUpTo ??= arrived;
      }
      const upTo = seenUpTo;
      const known = seen;
      const unknown = new Set<SpenderId>();
      const answers = asked.map(({ spender }) => {
        const allowances = known.get(spender);
        if (allowances === undefined) unknown.add(spender);
        return allowances ?? NONE;
      });
      if (unknown.size === 0) return { allowances: answers, upTo };

      const found = await readAllowances(sql, [...unknown]);
      // While they were read another batch may have learnt of later arrivals, which may be theirs.
      if (seenUpTo === upTo && seen === known) {
        for (const [spender, allowances] of found) {
          if (!known.has(spender)) count += allowances.length;
          known.set(spender, allowances);
        }
      }
      const allowances = asked.map(({ spender }, n) =>
        unknown.has(spender) ? (found.get(spender) ?? NONE) : (answers[n] ?? NONE),
      );
      return { allowances, upTo };
    },
  };
}

async function readArrivals(sql: Sql): Promise<bigint> {
  const [arrivals] = await sql.query<{ count: bigint | null }>(`select ${ARRIVAL_COUNT} as count`);
  if (arrivals?.count == null) throw new Error("the count of arrivals is gone");
  return arrivals.count;
}

async function readAllowances(
  sql: Sql,
  spenders: readonly SpenderId[],
): Promise<Map<SpenderId, readonly Allowance[]>> {
  // allowances_of_spender
  const records = await sql.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS_OF_L} from unnest($1::bytea[]) as wanted (spender) join allowances l using (spender)`,
    [byteaArray(spenders)],
  );
  const found = new Map<SpenderId, readonly Allowance[]>();
  for (const record of records) take(found, record);
  return found;
}

/** How many it added: an allowance that is there stays as it was. */
function take(bySpender: Map<SpenderId, readonly Allowance[]>, record: AllowanceRecord): 0 | 1 {
  const before = bySpender.get(record.spender) ?? [];
  if (before.some(({ id }) => id === record.id)) return 0;
  bySpender.set(record.spender, [...before, toAllowance(record)].toSorted(burnDownOrder));
  return 1;
}

const NONE: readonly Allowance[] = [];

/** About a kilobyte each. */
const MOST_CACHED_ALLOWANCES = 150_000;
