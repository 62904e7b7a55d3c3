import { payloadHash } from "../../server/domain/usage/usageEvent.ts";
import type { UsageEvent } from "../../server/domain/usage/usageEvent.ts";
import { insertDebitRows } from "../../server/adapters/postgres/spending.ts";
import type { Database } from "../../server/ports/database.ts";
import { zeroHash } from "viem";

/** The yardstick: the same rows into the same table with the same keys, and nothing else. */
export async function bareInsert(database: Database, events: readonly UsageEvent[]): Promise<void> {
  const now = new Date();
  const debits = events.map((event) => ({
    event,
    part: 0,
    account: `0x${event.spender.slice(26)}` as const,
    allowance: zeroHash,
    amountMicros: event.quantity * 10n,
    feeMicros: 0n,
    rateCardVersion: 1,
    priceBasis: null,
    payloadHash: payloadHash(event),
  }));
  await database.transaction((tx) => insertDebitRows(tx, debits, now));
}
