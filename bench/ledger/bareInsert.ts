import { zeroHash } from "viem";

import { insertDebitRows } from "../../server/adapters/postgres/spending.ts";
import type { Debit } from "../../server/domain/usage/decideDebits.ts";
import { type UsageEvent, payloadHash } from "../../server/domain/usage/usageEvent.ts";
import type { Database } from "../../server/ports/database.ts";

/** Rows like those that the ledger writes for these events: made before the clock runs. */
export function rowsOf(events: readonly UsageEvent[]): Debit[] {
  return events.map((event) => ({
    event,
    part: 0,
    account: `0x${event.spender.slice(26)}`,
    allowance: zeroHash,
    amountMicros: event.quantity,
    feeMicros: 0n,
    rateCardVersion: 1,
    priceBasis: null,
    payloadHash: payloadHash(event),
  }));
}

/** The yardstick: the same rows into the same table with all its keys, by the same statement, and nothing else. */
export async function bareInsert(database: Database, rows: readonly Debit[]): Promise<void> {
  await database.transaction((tx) => insertDebitRows(tx, rows, new Date()));
}
