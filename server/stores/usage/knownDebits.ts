import type { Address, Hex } from "viem";

import type { Charge } from "@compute-credits/rules/spending/findCharges";
import { type KnownEvent, eventKey } from "@compute-credits/rules/usage/decideDebits";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";

interface KnownRecord extends Charge {
  provider: Address;
  event_id: string;
  payload_hash: Hex | null;
  spender: Hex;
  meter: string;
  quantity: bigint;
  dimensions: Record<string, string>;
  occurred_at: Date;
  rate_card: number;
  recorded_at: Date;
}

/** Reads which of the events were debited before, with their outcomes. */
export async function readKnownDebits(
  tx: Sql,
  events: readonly Pick<UsageEvent, "provider" | "id">[],
): Promise<Map<string, KnownEvent>> {
  // Plan: debits by primary key.
  const records = await tx.query<KnownRecord>(
    `select provider, event_id, payload_hash, spender, meter, quantity, dimensions, occurred_at,
       rate_card, recorded_at, account, allowance, amount_micros as "amountMicros"
     from (select distinct * from unnest($1::bytea[], $2::text[])) as asked (provider, event_id)
     join debits using (provider, event_id)
     order by provider, event_id, part`,
    [byteaArray(events.map(({ provider }) => provider)), textArray(events.map(({ id }) => id))],
  );

  const byEvent = Map.groupBy(records, ({ provider, event_id: id }) => eventKey({ provider, id }));
  const known = new Map<string, KnownEvent>();
  for (const [key, parts] of byEvent) {
    const [first] = parts;
    if (first === undefined) continue;
    const charges = parts.map(({ account, allowance, amountMicros }) => ({
      account,
      allowance,
      amountMicros,
    }));
    known.set(key, {
      payload: first.payload_hash ?? { ...first, occurredAt: first.occurred_at },
      outcome: {
        result: "debited",
        costMicros: charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n),
        rateCardVersion: first.rate_card,
        charges,
        recordedAt: first.recorded_at,
        repeated: true,
      },
    });
  }
  return known;
}
