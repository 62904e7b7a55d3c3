import type { Address } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";

/** Takes the account's lock, as debits and revocations do, until the transaction ends. */
export async function lockAccount(tx: Sql, account: Address): Promise<void> {
  // Plan: accounts by primary key.
  await tx.query("select 1 from accounts where address = $1 for update", [bytea(account)]);
}
