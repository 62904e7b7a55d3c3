import type { Address, Hex } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";

/** Takes the account's lock, as debits and revocations do, until the transaction ends. */
export async function lockAccount(tx: Sql, account: Address): Promise<void> {
  // Plan: accounts by primary key.
  await tx.query("select 1 from accounts where address = $1 for update", [bytea(account)]);
}

/** The same for the account of an allowance. */
export async function lockAccountOf(tx: Sql, allowance: Hex): Promise<void> {
  // Plan: both by primary key.
  await tx.query(
    `select 1 from accounts
     where address = (select account from allowances where id = $1) for update`,
    [bytea(allowance)],
  );
}
