import type { Address } from "viem";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray } from "@compute-credits/platform/postgres/values";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";

/** The last recorded block. With a lock, no other server records blocks until the commit. */
export async function readCursor(sql: Sql, lock: "" | "for update" = ""): Promise<BlockPoint> {
  const [cursor] = await sql.query<BlockPoint>(
    `select block_number as number, block_hash as hash, block_time as time
       from chain_cursor ${lock}`,
  );
  if (cursor === undefined) throw new Error(NOT_CLAIMED);
  return cursor;
}

export const NOT_CLAIMED = "the database is not bound to a deployment yet";

/**
 * Takes all locks up front in the ledger's global lock order, because the chain's event order is
 * arbitrary. The table `checkpoints` comes first: a cut holds it while it waits for voids, and a
 * void may wait for an account. Then come the accounts by address, as in debits.
 */
export async function lockInOrder(tx: Sql, events: readonly ChainEvent[]): Promise<void> {
  if (events.some(({ type }) => type.startsWith("checkpoint_") || type.startsWith("challenge"))) {
    await tx.query("lock table checkpoints in row exclusive mode");
  }
  const accounts = new Set(events.flatMap((event) => partyOf(event) ?? []));
  if (accounts.size > 1) {
    // Plan: accounts by primary key. An account without a row is only known to this transaction.
    await tx.query(
      "select 1 from accounts where address = any($1::bytea[]) order by address for update",
      [byteaArray([...accounts])],
    );
  }
}

/** The account whose row an event changes; `null` if it changes none. */
export function partyOf(event: ChainEvent): Address | null {
  switch (event.type) {
    case "purchased":
    case "refund_requested":
    case "refund_served":
    case "counter_raised":
    case "cap_recorded":
      return event.account;
    case "row_settled":
      return event.party;
    default:
      return null;
  }
}
