import type { TierUnits } from "../../domain/rates/priceDraft.ts";
import type { Sql } from "../../ports/database.ts";
import { byteaArray, numberArray, textArray } from "./values.ts";

/** Adds to what accounts used of tiered rates; negative units give back what a void takes out. */
export async function addTierUnits(sql: Sql, added: readonly TierUnits[]): Promise<void> {
  if (added.length === 0) return;
  // tier_usage by primary key. Added, not set: a void need not lock the account whose tiers it gives back to.
  await sql.query(
    `insert into tier_usage as used (account, month, rate_key, quantity)
     select * from unnest($1::bytea[], $2::text[], $3::text[], $4::numeric[])
     on conflict (account, month, rate_key) do update set quantity = used.quantity + excluded.quantity`,
    [
      byteaArray(added.map(({ use }) => use.account)),
      textArray(added.map(({ use }) => use.month)),
      textArray(added.map(({ use }) => use.rateKey)),
      numberArray(added.map(({ units }) => units)),
    ],
  );
}
