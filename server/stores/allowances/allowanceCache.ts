import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { burnDownOrder } from "@compute-credits/rules/allowances/burnDownOrder";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { ALLOWANCE_COLUMNS_OF_L, type AllowanceRecord, toAllowance } from "./allowanceRecord.ts";
import { byteaArray } from "@compute-credits/platform/postgres/values";

/** SQL: the number of transactions that have changed which allowances count. */
export const ARRIVAL_COUNT = "(select count from allowance_arrivals)";

/**
 * Caches allowances of accepted accounts as this process first read them. Signed terms never change,
 * but usage and revocation may be out of date. New allowances, acceptances and their ends raise a
 * count in the database: compare it with `upTo` before you rely on an answer.
 */
export interface AllowanceCache {
  /**
   * Returns, for each query, the spender's allowances in burn-down order as of the count `upTo`.
   */
  lookUp(sql: Sql, queries: readonly { readonly spender: SpenderId }[]): Promise<CachedAllowances>;
  /** Reads the allowances that began to count, or ceased to, up to the count `arrivalCount`. */
  addArrivals(sql: Sql, arrivalCount: bigint): Promise<void>;
  /** what the cached allowances take, roughly */
  readonly bytes: number;
  /**
   * Whether an earlier answer to these queries is still what the cache has: nothing of their
   * spenders arrived since. `false` also if the cache has forgotten one of them.
   */
  holds(
    queries: readonly { readonly spender: SpenderId }[],
    answer: CachedAllowances["allowances"],
  ): boolean;
}

export interface CachedAllowances {
  readonly allowances: readonly (readonly Allowance[])[];
  /** the arrival count that the answer is complete for */
  readonly upTo: bigint;
}

/**
 * `maxBytes` may be exceeded by what one lookup reads, until the next. After more than `maxArrivals`
 * at once it forgets everything, instead of reading them.
 */
export function createAllowanceCache(
  maxBytes = MAX_CACHED_BYTES,
  maxArrivals = MAX_ARRIVALS,
): AllowanceCache {
  let cached = new Map<SpenderId, readonly Allowance[]>();
  let cachedUpTo: bigint | null = null;
  let bytes = 0;

  return {
    async addArrivals(sql, arrivalCount) {
      if (cachedUpTo === null || arrivalCount <= cachedUpTo) return;
      // Plan: a range of allowances_by_arrival, which a generic plan uses only with `arrival > 0`.
      const records = await sql.query<AllowanceRecord>(
        `select ${ALLOWANCE_COLUMNS_OF_L} from allowances l
         where arrival > 0 and arrival > $1 and arrival <= $2 limit $3`,
        [cachedUpTo, arrivalCount, maxArrivals + 1],
      );
      // Another batch has added these, and maybe later changes of the same allowances.
      if (arrivalCount <= cachedUpTo) return;
      cachedUpTo = arrivalCount;
      if (records.length > maxArrivals) {
        cached = new Map();
        bytes = 0;
        return;
      }
      // Spenders that are not cached are skipped: the first lookup reads all of theirs.
      const ofCachedSpenders = records.filter(({ spender }) => cached.has(spender));
      for (const record of ofCachedSpenders) {
        bytes += record.accepted ? addTo(cached, record) : removeFrom(cached, record);
      }
    },

    // A list is replaced when it changes.
    holds: (queries, answer) =>
      queries.every(({ spender }, index) => cached.get(spender) === answer[index]),

    async lookUp(sql, queries) {
      // Evicts before the lookup, so that a batch keeps what it found until it is decided.
      if (bytes > maxBytes) {
        cached = new Map();
        bytes = 0;
      }
      if (cachedUpTo === null) {
        const arrivalCount = await readArrivalCount(sql);
        cachedUpTo ??= arrivalCount;
      }
      const upTo = cachedUpTo;
      const snapshot = cached;
      const missing = new Set<SpenderId>();
      const hits = queries.map(({ spender }) => {
        const allowances = snapshot.get(spender);
        if (allowances === undefined) missing.add(spender);
        return allowances ?? NONE;
      });
      if (missing.size === 0) return { allowances: hits, upTo };

      const found = await readAllowances(sql, [...missing]);
      // Skips caching if another batch added arrivals during the read: some may be of these
      // spenders.
      if (cachedUpTo === upTo && cached === snapshot) {
        for (const [spender, allowances] of found) {
          if (!snapshot.has(spender)) {
            bytes += allowances.reduce((sum, allowance) => sum + bytesOf(allowance), 0);
          }
          snapshot.set(spender, allowances);
        }
      }
      const allowances = queries.map(({ spender }, n) =>
        missing.has(spender) ? (found.get(spender) ?? NONE) : (hits[n] ?? NONE),
      );
      return { allowances, upTo };
    },

    get bytes() {
      return bytes;
    },
  };
}

async function readArrivalCount(sql: Sql): Promise<bigint> {
  const [arrivals] = await sql.query<{ count: bigint | null }>(`select ${ARRIVAL_COUNT} as count`);
  if (arrivals?.count == null) throw new Error("the table allowance_arrivals has no row");
  return arrivals.count;
}

async function readAllowances(
  sql: Sql,
  spenders: readonly SpenderId[],
): Promise<Map<SpenderId, readonly Allowance[]>> {
  // Plan: allowances_of_spender, once per spender.
  const records = await sql.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS_OF_L} from unnest($1::bytea[]) as wanted (spender)
       join allowances l using (spender) where l.accepted`,
    [byteaArray(spenders)],
  );
  const found = new Map<SpenderId, readonly Allowance[]>();
  for (const record of records) addTo(found, record);
  return found;
}

/** Returns how many bytes it added. A cached allowance is never replaced. */
function addTo(bySpender: Map<SpenderId, readonly Allowance[]>, record: AllowanceRecord): number {
  const before = bySpender.get(record.spender) ?? [];
  if (before.some(({ id }) => id === record.id)) return 0;
  const allowance = toAllowance(record);
  bySpender.set(record.spender, [...before, allowance].toSorted(burnDownOrder));
  return bytesOf(allowance);
}

/** Returns minus how many bytes it removed. */
function removeFrom(
  bySpender: Map<SpenderId, readonly Allowance[]>,
  { spender, id }: AllowanceRecord,
): number {
  const before = bySpender.get(spender) ?? [];
  const removed = before.find((each) => each.id === id);
  if (removed === undefined) return 0;
  bySpender.set(
    spender,
    before.filter((each) => each.id !== id),
  );
  return -bytesOf(removed);
}

/** A contract wallet's signature and a scope's names may be of any length; the rest is a kilobyte. */
function bytesOf({ signature, scope }: Allowance): number {
  const texts = [signature, ...scope.providers, ...scope.meters];
  return texts.reduce((sum, text) => sum + text.length + BYTES_PER_TEXT, 1_000);
}

/** Of a string, besides its characters. */
const BYTES_PER_TEXT = 40;

const NONE: readonly Allowance[] = [];

const MAX_CACHED_BYTES = 150 * 1_024 * 1_024;

/** Issuers may add many thousands while no debit comes. */
const MAX_ARRIVALS = 5_000;
