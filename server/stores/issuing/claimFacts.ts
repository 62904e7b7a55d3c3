import type { Address } from "viem";

import { type ClaimFacts, type Referrer, dayOf } from "@compute-credits/rules/grants/campaignRule";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { FINAL_CHECKPOINT } from "../checkpoints/postgresCheckpointStore.ts";
import { newestRowSql } from "../checkpoints/rowsAt.ts";
import { readUsageSums } from "../insight/usageSums.ts";

const DAY_MS = 86_400_000;

interface FactsRecord {
  readonly block: bigint | null;
  readonly amount: bigint | null;
  readonly used_at: Date | null;
  readonly paid_at: Date | null;
  readonly spent: bigint;
  readonly earned: bigint;
}

/** Reads what decides an account's claim. `sql` must see one snapshot throughout. */
export async function readClaimFacts(sql: Sql, account: Address): Promise<ClaimFacts> {
  // Plan: the first entry of purchases_of_account, debits_of_account and debits_of_provider; one row.
  const [found] = await sql.query<FactsRecord>(
    `select bought.block_number as block, bought.amount_micros as amount,
       (select min(recorded_at) from debits where account = $1) as used_at,
       (select min(recorded_at) from debits where provider = $1) as paid_at,
       coalesce(final.spent, 0) as spent, coalesce(final.earned, 0) as earned
     from (select) as one
       left join lateral (select block_number, amount_micros from purchases where account = $1
         order by block_number, log_index limit 1) as bought on true
       left join places on places.party = $1
       left join lateral ${newestRowSql("places.place", FINAL_CHECKPOINT)} as final on true`,
    [bytea(account)],
  );
  if (found === undefined) throw new Error("a query of one row returned none");
  const { block, amount, used_at: usedAt } = found;
  return {
    firstPurchase: block === null || amount === null ? null : { block, amountMicros: amount },
    firstUse:
      usedAt === null ? null : { at: usedAt, dayMicros: await readDay(sql, account, usedAt) },
    firstPaidAt: found.paid_at,
    finalSpentMicros: found.spent,
    finalEarnedMicros: found.earned,
  };
}

/** Reads what decides whether an account may bring another one. */
export async function readReferrer(sql: Sql, account: Address): Promise<Referrer> {
  // Plan: one row.
  const [found] = await sql.query<{ spent: bigint }>(
    `select final.spent from places
       cross join lateral ${newestRowSql("places.place", FINAL_CHECKPOINT)} as final
     where places.party = $1`,
    [bytea(account)],
  );
  return { account, finalSpentMicros: found?.spent ?? 0n };
}

/** What the account spent on the day of `at` in UTC and was not voided. */
async function readDay(sql: Sql, address: Address, at: Date): Promise<bigint> {
  const from = new Date(dayOf(at) * DAY_MS);
  const to = new Date(from.getTime() + DAY_MS);
  const range = { groupBy: "day", from, to, limit: null } as const;
  const sums = await readUsageSums(sql, { role: "account", address }, range);
  return sums.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
}
