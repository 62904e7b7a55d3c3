import type { Address, Hex } from "viem";

import type { Account } from "../../domain/accounts/account.ts";
import {
  type Decision,
  type KnownEvent,
  type LedgerState,
  type UsageRules,
  decideDebits,
  eventKey,
} from "../../domain/usage/decideDebits.ts";
import type { Charge } from "../../domain/usage/outcome.ts";
import type { UsageEvent } from "../../domain/usage/usageEvent.ts";
import type { Database, Sql } from "../../ports/database.ts";
import type { UsageLedger } from "../../ports/usageLedger.ts";
import { ACCOUNT_COLUMNS, type AccountRecord, toAccount } from "./accountRecord.ts";
import { ALLOWANCE_COLUMNS, type AllowanceRecord, toAllowance } from "./allowanceRecord.ts";
import { fromPriceBasis } from "./pinnedRateRecord.ts";
import { type PriceReader } from "./priceReader.ts";
import { retrying } from "./retry.ts";
import { addTierUnits } from "./tierUsage.ts";
import { byteaArray, nullableTextArray, numberArray, textArray } from "./values.ts";

export function postgresUsageLedger(
  database: Database,
  rules: UsageRules,
  prices: PriceReader,
): UsageLedger {
  return {
    record: (events) =>
      events.length === 0
        ? Promise.resolve([])
        : retrying(() =>
            database.transaction(async (tx) => {
              const decision = decideDebits(events, await readState(tx, events, prices), rules);
              await write(tx, decision);
              return decision.outcomes;
            }),
          ),
  };
}

/**
 * Locks the accounts that may pay, always in the order of their addresses, so that batches never wait for one another
 * in a circle. All that is read after the lock stays true until the commit.
 */
async function readState(
  tx: Sql,
  events: readonly UsageEvent[],
  prices: PriceReader,
): Promise<LedgerState> {
  const spenders = byteaArray([...new Set(events.map(({ spender }) => spender))]);

  // allowances_of_spender, then accounts by primary key
  const accounts = await tx.query<AccountRecord>(
    `select ${ACCOUNT_COLUMNS} from accounts
     where address in (select account from allowances where spender = any($1::bytea[]))
     order by address for update`,
    [spenders],
  );
  const addresses = byteaArray(accounts.map(({ address }) => address));
  const [clock] = await tx.query<{ now: Date; newest_card: number }>(
    "select clock_timestamp() as now, coalesce(max(version), 0) as newest_card from rate_cards",
  );
  if (clock === undefined) throw new Error("the database tells no time");

  // allowances_of_spender; an allowance of an account that was not locked arrived since, and waits for the next batch
  const allowances = await tx.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS} from allowances
     where spender = any($1::bytea[]) and account = any($2::bytea[])`,
    [spenders, addresses],
  );
  // provider_access by primary key
  const access = await tx.query<{ spender: Hex; provider: Address }>(
    "select spender, provider from provider_access where spender = any($1::bytea[])",
    [spenders],
  );
  const granted = new Set(access.map(({ spender, provider }) => `${spender}${provider}`));

  return {
    now: clock.now,
    accounts: new Map<Address, Account>(
      accounts.map((record) => [record.address, toAccount(record)]),
    ),
    allowances: allowances.map(toAllowance),
    hasAccess: (spender, provider) => granted.has(`${spender}${provider}`),
    known: await readKnown(tx, events),
    prices: await prices.read(tx, events, {
      now: clock.now,
      newestCard: clock.newest_card,
      accounts: accounts.map(({ address }) => address),
    }),
  };
}

interface KnownRecord extends Charge {
  provider: Address;
  event_id: string;
  payload_hash: Hex;
  rate_card: number;
  recorded_at: Date;
}

async function readKnown(tx: Sql, events: readonly UsageEvent[]): Promise<Map<string, KnownEvent>> {
  // debits by primary key
  const records = await tx.query<KnownRecord>(
    `select provider, event_id, payload_hash, rate_card, recorded_at,
       account, allowance, amount_micros as "amountMicros"
     from debits where (provider, event_id) in (select * from unnest($1::bytea[], $2::text[]))
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

async function write(tx: Sql, decision: Decision): Promise<void> {
  const { debits, accounts, usages, outcomes } = decision;
  if (debits.length === 0) return;
  const recordedAt = outcomes.find((outcome) => outcome.result === "debited" && !outcome.repeated);
  if (recordedAt?.result !== "debited") throw new Error("debits without an outcome");

  // A plain insert: the primary key is the last guard of "exactly once", and a clash runs the batch again.
  await tx.query(
    `insert into debits (provider, event_id, part, account, allowance, spender, meter, quantity, dimensions,
       occurred_at, recorded_at, rate_card, amount_micros, fee_micros, payload_hash, price_basis)
     select provider, event_id, part, account, allowance, spender, meter, quantity, dimensions,
       occurred_at, $14, rate_card, amount_micros, fee_micros, payload_hash, price_basis
     from unnest($1::bytea[], $2::text[], $3::smallint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::text[],
       $8::bigint[], $9::jsonb[], $10::timestamptz[], $11::integer[], $12::bigint[], $13::bigint[], $15::bytea[],
       $16::jsonb[])
       as debit (provider, event_id, part, account, allowance, spender, meter, quantity, dimensions,
         occurred_at, rate_card, amount_micros, fee_micros, payload_hash, price_basis)`,
    [
      byteaArray(debits.map(({ event }) => event.provider)),
      textArray(debits.map(({ event }) => event.id)),
      numberArray(debits.map(({ part }) => part)),
      byteaArray(debits.map(({ account }) => account)),
      byteaArray(debits.map(({ allowance }) => allowance)),
      byteaArray(debits.map(({ event }) => event.spender)),
      textArray(debits.map(({ event }) => event.meter)),
      numberArray(debits.map(({ event }) => event.quantity)),
      textArray(debits.map(({ event }) => JSON.stringify(event.dimensions))),
      textArray(debits.map(({ event }) => event.occurredAt.toISOString())),
      numberArray(debits.map(({ rateCardVersion }) => rateCardVersion)),
      numberArray(debits.map(({ amountMicros }) => amountMicros)),
      numberArray(debits.map(({ feeMicros }) => feeMicros)),
      recordedAt.recordedAt,
      byteaArray(debits.map(({ payloadHash }) => payloadHash)),
      nullableTextArray(debits.map(({ priceBasis }) => fromPriceBasis(priceBasis))),
    ],
  );

  await addTierUnits(tx, decision.tierUnits);

  const changed = [...accounts.values()];
  await tx.query(
    `update accounts set spent = changed.spent
     from unnest($1::bytea[], $2::bigint[]) as changed (address, spent)
     where accounts.address = changed.address`,
    [
      byteaArray(changed.map(({ address }) => address)),
      numberArray(changed.map(({ spent }) => spent)),
    ],
  );

  const used = [...usages.entries()];
  await tx.query(
    `update allowances set period_index = used.period_index, carried_micros = used.carried_micros,
       period_spent = used.period_spent, spent = used.spent
     from unnest($1::bytea[], $2::numeric[], $3::numeric[], $4::bigint[], $5::bigint[])
       as used (id, period_index, carried_micros, period_spent, spent)
     where allowances.id = used.id`,
    [
      byteaArray(used.map(([id]) => id)),
      numberArray(used.map(([, usage]) => usage.periodIndex)),
      numberArray(used.map(([, usage]) => usage.carriedMicros)),
      numberArray(used.map(([, usage]) => usage.periodSpentMicros)),
      numberArray(used.map(([, usage]) => usage.spentMicros)),
    ],
  );

  const earned = Object.values(
    Object.groupBy(debits, ({ account, event }) => `${account}${event.provider}`),
  ).map((group = []) => ({
    account: group[0]?.account ?? "0x",
    provider: group[0]?.event.provider ?? "0x",
    earned: group.reduce((sum, { amountMicros, feeMicros }) => sum + amountMicros - feeMicros, 0n),
  }));
  // Guarded by the account's lock, like all that is keyed by account.
  await tx.query(
    `insert into earnings (account, provider, earned)
     select * from unnest($1::bytea[], $2::bytea[], $3::bigint[])
     on conflict (account, provider) do update set earned = earnings.earned + excluded.earned`,
    [
      byteaArray(earned.map(({ account }) => account)),
      byteaArray(earned.map(({ provider }) => provider)),
      numberArray(earned.map((pair) => pair.earned)),
    ],
  );
}
