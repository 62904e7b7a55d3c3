import type { PriceBasis } from "@compute-credits/rules/pricing/priceBasis";
import type { TierUnits } from "@compute-credits/rules/pricing/priceDraft";
import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  bytea,
  byteaArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";

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
    [
      byteaArray(added.map(({ use }) => use.account)),
      textArray(added.map(({ use }) => use.month)),
      textArray(added.map(({ use }) => use.rateKey)),
      numberArray(added.map(({ units }) => units)),
    ],
  );
}

/** Subtracts the units of a voided debit. Later debits are priced as if it had never happened. */
export async function subtractTierUnits(
  sql: Sql,
  basis: PriceBasis,
  quantity: bigint,
): Promise<void> {
  if (basis?.use === undefined) return;
  const { account, month, rateKey } = basis.use;
  await sql.query(
    `update tier_usage set quantity = quantity - $4
     where account = $1 and month = $2 and rate_key = $3`,
    [bytea(account), month, rateKey, `${quantity}`],
  );
}
