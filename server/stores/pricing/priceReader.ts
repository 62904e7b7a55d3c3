import type { Address } from "viem";

import { pricedAt } from "@compute-credits/rules/pricing/price";
import {
  type MultiplierMoment,
  type PriceState,
  monthOf,
  multiplierKey,
  tierUseKey,
} from "@compute-credits/rules/pricing/priceDraft";
import { type RateIndex, type RateQuery, findRate } from "@compute-credits/rules/pricing/rateIndex";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { multiplierLockName } from "./postgresMultiplierStore.ts";
import type { RateIndexCache } from "./rateIndexCache.ts";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";

/** Something to be priced. */
export type PriceQuestion = RateQuery & { readonly occurredAt: Date };

export interface PriceReader {
  /**
   * All that the prices of these questions depend on. Asks the database about usage and multipliers only where a question
   * meets a tiered or a dynamic rate. In the transaction of a debit, under the locks of `accounts`.
   */
  read(
    tx: Sql,
    questions: readonly PriceQuestion[],
    /** `now`: no price of a later time is asked for */
    moment: { now: Date; newestCard: number; accounts: readonly Address[] },
  ): Promise<PriceState>;
  /** The cards that this process has read; there may be newer ones. */
  known(sql: Sql): Promise<RateIndex>;
  /** All cards up to a version at least: the same index as before where nothing has come. */
  readonly upTo: RateIndexCache;
}

export function createPriceReader(upTo: RateIndexCache): PriceReader {
  return {
    known: (sql) => upTo(sql, 0),
    upTo,

    async read(tx, questions, { now, newestCard, accounts }) {
      const rates = await upTo(tx, newestCard);
      const tierKeys = new Set<string>();
      const months = new Set<string>();
      const moments = new Map<string, MultiplierMoment>();
      for (const question of questions) {
        const { provider, occurredAt } = question;
        const at = pricedAt({ occurredAt, now });
        const found = findRate(rates, question, at);
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
        multipliers: await readMultipliers(tx, [...moments.values()]),
      };
    },
  };
}

async function readUsedUnits(
  tx: Sql,
  wanted: { accounts: readonly Address[]; months: Set<string>; rateKeys: Set<string> },
): Promise<ReadonlyMap<string, bigint>> {
  if (wanted.rateKeys.size === 0) return new Map();
  // tier_usage by primary key
  const records = await tx.query<{
    account: Address;
    month: string;
    rate_key: string;
    quantity: bigint;
  }>(
    `select account, month, rate_key, quantity from tier_usage
     where account = any($1::bytea[]) and month = any($2::text[]) and rate_key = any($3::text[])`,
    [byteaArray(wanted.accounts), textArray([...wanted.months]), textArray([...wanted.rateKeys])],
  );
  return new Map(
    records.map(({ account, month, rate_key: rateKey, quantity }) => [
      tierUseKey({ account, month, rateKey }),
      quantity,
    ]),
  );
}

/**
 * The multiplier at each moment. The shared lock keeps steps out until the commit: a step that is not seen here gets a
 * later time than any of these moments, so the log gives the same price for ever after. Taken in the order of the names.
 */
async function readMultipliers(
  tx: Sql,
  moments: readonly MultiplierMoment[],
): Promise<ReadonlyMap<string, bigint>> {
  if (moments.length === 0) return new Map();
  await tx.query(
    "select pg_advisory_xact_lock_shared(hashtextextended(name, 0)) from unnest($1::text[]) as name",
    [textArray([...new Set(moments.map(multiplierLockName))].toSorted())],
  );
  // multiplier_steps_by_time, the first row before each moment
  const records = await tx.query<{ n: bigint; after_bps: bigint }>(
    `select n, after_bps
     from unnest($1::bytea[], $2::text[], $3::timestamptz[]) with ordinality as moment (provider, rate_key, at, n)
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
