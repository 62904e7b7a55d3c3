import type { Sql } from "@compute-credits/platform/postgres/database";

/** Tells all servers to read keys and access again. Locks one row until the commit. */
export async function countRevocation(tx: Sql): Promise<void> {
  await tx.query("update access_revocations set count = count + 1");
}
