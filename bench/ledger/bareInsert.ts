import { zeroHash } from "viem";

import { byteaArray, numberArray, textArray } from "@compute-credits/platform/postgres/values";
import type { Debit } from "@compute-credits/rules/usage/decideDebits";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Database } from "@compute-credits/platform/postgres/database";

/** Creates the rows that the ledger would write for these events. This is not timed. */
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
    payloadHash: null,
  }));
}

/**
 * The baseline: inserts the same rows into the same table with all its indexes. One `insert …
 * select unnest` with an array per column; the ledger's own statement packs its parameters.
 */
export async function bareInsert(database: Database, rows: readonly Debit[]): Promise<void> {
  await database.transaction((tx) =>
    tx.query(
      `insert into debits (provider, event_id, part, account, allowance, spender, meter, quantity,
         dimensions, occurred_at, recorded_at, rate_card, amount_micros, fee_micros)
       select provider, event_id, part, account, allowance, spender, meter, quantity, dimensions,
         occurred_at, $14, rate_card, amount_micros, fee_micros
       from unnest($1::bytea[], $2::text[], $3::smallint[], $4::bytea[], $5::bytea[], $6::bytea[],
         $7::text[], $8::bigint[], $9::jsonb[], $10::timestamptz[], $11::integer[], $12::bigint[],
         $13::bigint[])
         as debit (provider, event_id, part, account, allowance, spender, meter, quantity,
           dimensions, occurred_at, rate_card, amount_micros, fee_micros)`,
      [
        byteaArray(rows.map(({ event }) => event.provider)),
        textArray(rows.map(({ event }) => event.id)),
        numberArray(rows.map(({ part }) => part)),
        byteaArray(rows.map(({ account }) => account)),
        byteaArray(rows.map(({ allowance }) => allowance)),
        byteaArray(rows.map(({ event }) => event.spender)),
        textArray(rows.map(({ event }) => event.meter)),
        numberArray(rows.map(({ event }) => event.quantity)),
        textArray(rows.map(({ event }) => JSON.stringify(event.dimensions))),
        textArray(rows.map(({ event }) => event.occurredAt.toISOString())),
        numberArray(rows.map(({ rateCardVersion }) => rateCardVersion)),
        numberArray(rows.map(({ amountMicros }) => amountMicros)),
        numberArray(rows.map(({ feeMicros }) => feeMicros)),
        new Date(),
      ],
    ),
  );
}
