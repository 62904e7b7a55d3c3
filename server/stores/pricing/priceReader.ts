import type { Address } from "viem";

import { pricedAt } from "@compute-credits/rules/pricing/price";
import {
  type MultiplierMoment,
  type PriceState,
  monthOf,
  multiplierKey,
  tierUseKey,
} from "@compute-credits/rules/pricing/priceDraft";
import { type RateQuery, findRate } from "@compute-credits/rules/pricing/rateIndex";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { multiplierLockName } from "./postgresMultiplierStore.ts";
import type { KnownRates, RateIndexCache } from "./rateIndexCache.ts";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";

/** Identifies a rate and the time that its price is of. */
export type PriceQuery = RateQuery & { readonly occurredAt: Date };

export interface PriceMoment {
  /** the latest time of any price */
  readonly now: Date;
  readonly newestCard: number;
  readonly accounts: readonly Address[];
  /** by default true: the price is charged */
  readonly isFinal?: boolean;
}

export interface PriceReader {
  /**
   * Reads everything that these prices depend on. Queries usage and multipliers only if a tiered or
   * dynamic rate applies. For a debit, call it in its transaction and under the locks of
   * `accounts`. With `isFinal: false` it takes no lock, and a multiplier may step in the meantime.
   */
  read(tx: Sql, queries: readonly PriceQuery[], moment: PriceMoment): Promise<PriceState>;
  /** Returns the cards for these queries that this process has read. There may be newer ones. */
  cachedRates(sql: Sql, queries: readonly RateQuery[]): Promise<KnownRates>;
}

export function createPriceReader(cache: RateIndexCache): PriceReader {
  return {
    cachedRates: (sql, queries) => cache.lookUp(sql, providersOf(queries)),

    async read(tx, queries, { now, newestCard, accounts, isFinal = true }) {
      const { rates } = await cache.read(tx, newestCard, providersOf(queries));
      const tierKeys = new Set<string>();
      const months = new Set<string>();
      const moments = new Map<string, MultiplierMoment>();
      for (const query of queries) {
        const { provider, occurredAt } = query;
        const at = pricedAt({ occurredAt, now });
        const found = findRate(rates, query, at);
        if (typeof found === "string") continue;
        const { rate, key } = found;
        if (rate.kind === "dynamic") {
          const moment = { provider, rateKey: key, at };
          moments.set(multiplierKey(moment), moment);
        } else if (rate.kind === "graduated" || rate.kind === "volume") {
          tierKeys.add(key);
          months.add(monthOf(occurredAt));
        }
      }
      return {
        rates,
        usedUnits: await readUsedUnits(tx, { accounts, months, rateKeys: tierKeys }),
        multipliers: await readMultipliers(tx, [...moments.values()], isFinal),
      };
    },
  };
}

function providersOf(queries: readonly RateQuery[]): ReadonlySet<Address> {
  return new Set(queries.map(({ provider }) => provider));
}

async function readUsedUnits(
  tx: Sql,
  filter: { accounts: readonly Address[]; months: Set<string>; rateKeys: Set<string> },
): Promise<ReadonlyMap<string, bigint>> {
  if (filter.rateKeys.size === 0) return new Map();
  // Plan: tier_usage by primary key.
  const records = await tx.query<{
    account: Address;
    month: string;
    rate_key: string;
    quantity: bigint;
  }>(
    `select account, month, rate_key, quantity from tier_usage
     where account = any($1::bytea[]) and month = any($2::text[]) and rate_key = any($3::text[])`,
    [byteaArray(filter.accounts), textArray([...filter.months]), textArray([...filter.rateKeys])],
  );
  return new Map(
    records.map(({ account, month, rate_key: rateKey, quantity }) => [
      tierUseKey({ account, month, rateKey }),
      quantity,
    ]),
  );
}

/**
 * Reads the multiplier at each moment. If a price is final, a shared lock, taken in the order of
 * names, keeps new steps out until the commit. A later step has a later time than these moments, so
 * a replay of the log computes the same prices.
 */
async function readMultipliers(
  tx: Sql,
  moments: readonly MultiplierMoment[],
  isFinal: boolean,
): Promise<ReadonlyMap<string, bigint>> {
  if (moments.length === 0) return new Map();
  if (isFinal) {
    await tx.query(
      `select pg_advisory_xact_lock_shared(hashtextextended(name, 0))
         from unnest($1::text[]) as name`,
      [textArray([...new Set(moments.map(multiplierLockName))].toSorted())],
    );
  }
  // Plan: multiplier_steps_by_time backwards, one row per moment.
  const records = await tx.query<{ n: bigint; after_bps: bigint }>(
    `select n, after_bps
     from unnest($1::bytea[], $2::text[], $3::timestamptz[])
       with ordinality as moment (provider, rate_key, at, n)
     cross join lateral (
       select after_bps from multiplier_steps as step
       where step.provider = moment.provider and step.rate_key = moment.rate_key
         and step.effective_from <= moment.at
       order by step.effective_from desc limit 1
     ) as newest`,
    [
      byteaArray(moments.map(({ provider }) => provider)),
      textArray(moments.map(({ rateKey }) => rateKey)),
      textArray(moments.map(({ at }) => at.toISOString())),
    ],
  );
  const found = new Map<string, bigint>();
  for (const { n, after_bps: afterBps } of records) {
    const moment = moments[Number(n) - 1];
    if (moment !== undefined) found.set(multiplierKey(moment), afterBps);
  }
  return found;
}
