import type { TierUnits } from "@compute-credits/rules/pricing/tierUnits";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray, numberArray, textArray } from "@compute-credits/platform/postgres/values";

/** Adds units to the accounts' usage of tiered rates. */
export async function addTierUnits(sql: Sql, added: readonly TierUnits[]): Promise<void> {
  if (added.length === 0) return;
  // Plan: tier_usage by primary key. Adds instead of sets, so that a void need not lock the
  // account.
  await sql.query(
    `insert into tier_usage as used (account, month, rate_key, quantity)
     select * from unnest($1::bytea[], $2::text[], $3::text[], $4::numeric[])
     on conflict (account, month, rate_key) do update
       set quantity = used.quantity + excluded.quantity`,
    tierColumns(added),
  );
}

/**
 * Subtracts the units of a voided debit, from the accounts that had them counted. Later debits are
 * priced as if it had never happened.
 */
export async function subtractTierUnits(sql: Sql, counted: readonly TierUnits[]): Promise<void> {
  if (counted.length === 0) return;
  // Plan: tier_usage by primary key.
  await sql.query(
    `update tier_usage as used set quantity = used.quantity - counted.quantity
     from unnest($1::bytea[], $2::text[], $3::text[], $4::numeric[])
       as counted (account, month, rate_key, quantity)
     where used.account = counted.account and used.month = counted.month
       and used.rate_key = counted.rate_key`,
    tierColumns(counted),
  );
}

function tierColumns(tierUnits: readonly TierUnits[]): string[] {
  return [
    byteaArray(tierUnits.map(({ use }) => use.account)),
    textArray(tierUnits.map(({ use }) => use.month)),
    textArray(tierUnits.map(({ use }) => use.rateKey)),
    numberArray(tierUnits.map(({ units }) => units)),
  ];
}
