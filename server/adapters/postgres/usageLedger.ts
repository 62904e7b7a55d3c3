import type { Address, Hex } from "viem";

import type { Charge } from "../../domain/spending/spendingDraft.ts";
import {
  type KnownEvent,
  type UsageRules,
  decideDebits,
  eventKey,
} from "../../domain/usage/decideDebits.ts";
import type { UsageEvent } from "../../domain/usage/usageEvent.ts";
import type { Database, Sql } from "../../ports/database.ts";
import type { UsageLedger } from "../../ports/usageLedger.ts";
import type { PriceReader } from "./priceReader.ts";
import { retrying } from "./retry.ts";
import { cachedAccess, insertDebits, lockSpenders, writeSpending } from "./spending.ts";
import { addTierUnits } from "./tierUsage.ts";
import { byteaArray, textArray } from "./values.ts";
import { voidEvent } from "./voidEvent.ts";

export function postgresUsageLedger(
  database: Database,
  rules: UsageRules,
  priceReader: PriceReader,
): UsageLedger {
  const accessOf = cachedAccess();

  return {
    record: (events) =>
      events.length === 0
        ? Promise.resolve([])
        : retrying(() =>
            database.transaction(async (tx) => {
              const spenders = new Set(events.map(({ spender }) => spender));
              const spending = await lockSpenders(tx, spenders);
              const hasAccess = await accessOf(tx, events, spending);
              const known = await readKnown(tx, events);
              const { now, newestCard, accounts } = spending;
              const moment = { now, newestCard, accounts: [...accounts.keys()] };
              const prices = await priceReader.read(tx, events, moment);

              const decision = decideDebits(
                events,
                { ...spending, hasAccess, known, prices },
                rules,
              );
              await insertDebits(tx, decision.debits, now);
              await addTierUnits(tx, decision.tierUnits);
              await writeSpending(tx, decision);
              return decision.outcomes;
            }),
          ),

    void: (event) => retrying(() => database.transaction((tx) => voidEvent(tx, event))),
  };
}

interface KnownRecord extends Charge {
  provider: Address;
  event_id: string;
  payload_hash: Hex;
  rate_card: number;
  recorded_at: Date;
}

/** Which of the events are debited already, and how. */
export async function readKnown(
  tx: Sql,
  events: readonly Pick<UsageEvent, "provider" | "id">[],
): Promise<Map<string, KnownEvent>> {
  // debits by primary key; two providers of a batch may have the same id, so there may be more than was asked for
  const records = await tx.query<KnownRecord>(
    `select provider, event_id, payload_hash, rate_card, recorded_at,
       account, allowance, amount_micros as "amountMicros"
     from debits where provider = any($1::bytea[]) and event_id = any($2::text[])
     order by provider, event_id, part`,
    [
      byteaArray([...new Set(events.map(({ provider }) => provider))]),
      textArray(events.map(({ id }) => id)),
    ],
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
      payloadHash: first.payload_hash,
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
