import type { Address, Hex } from "viem";

import type { SpenderId } from "../../../protocol/spender.ts";
import type { Account } from "../../domain/accounts/account.ts";
import type { SpendingDraft, SpendingState } from "../../domain/spending/spendingDraft.ts";
import type { Debit } from "../../domain/usage/decideDebits.ts";
import type { Sql } from "../../ports/database.ts";
import { ACCOUNT_COLUMNS, type AccountRecord, toAccount } from "./accountRecord.ts";
import { ALLOWANCE_COLUMNS, type AllowanceRecord, toAllowance } from "./allowanceRecord.ts";
import { fromPriceBasis } from "./pinnedRateRecord.ts";
import { byteaArray, nullableTextArray, numberArray, textArray } from "./values.ts";

/** What spending is decided on, and the newest rate card's version. */
export interface LockedSpending extends SpendingState {
  readonly newestCard: number;
}

/**
 * Locks the accounts that may pay for the spenders, always in the order of their addresses, so that transactions never
 * wait for one another in a circle. All that is read after the lock stays true until the commit.
 */
export async function lockSpenders(
  tx: Sql,
  spenders: ReadonlySet<SpenderId>,
): Promise<LockedSpending> {
  const ids = byteaArray([...spenders]);
  // allowances_of_spender, then accounts by primary key
  const accounts = await tx.query<AccountRecord>(
    `select ${ACCOUNT_COLUMNS} from accounts
     where address in (select account from allowances where spender = any($1::bytea[]))
     order by address for update`,
    [ids],
  );
  // provider_access by primary key
  const access = await tx.query<{ spender: Hex; provider: Address }>(
    "select spender, provider from provider_access where spender = any($1::bytea[])",
    [ids],
  );
  const granted = new Set(access.map(({ spender, provider }) => `${spender}${provider}`));
  // An allowance of an account that was not locked arrived since, and waits for the next time.
  return {
    ...(await readLocked(tx, accounts, "spender", ids)),
    hasAccess: (spender, provider) => granted.has(`${spender}${provider}`),
  };
}

/** Locks the accounts of charges that were made before: nobody new is going to pay. */
export async function lockAllowances(
  tx: Sql,
  allowances: ReadonlySet<Hex>,
): Promise<LockedSpending> {
  const ids = byteaArray([...allowances]);
  const accounts = await tx.query<AccountRecord>(
    `select ${ACCOUNT_COLUMNS} from accounts
     where address in (select account from allowances where id = any($1::bytea[]))
     order by address for update`,
    [ids],
  );
  return { ...(await readLocked(tx, accounts, "id", ids)), hasAccess: () => false };
}

async function readLocked(
  tx: Sql,
  accounts: readonly AccountRecord[],
  key: "spender" | "id",
  ids: string,
): Promise<Omit<LockedSpending, "hasAccess">> {
  const [clock] = await tx.query<{ now: Date; newest_card: number }>(
    "select clock_timestamp() as now, coalesce(max(version), 0) as newest_card from rate_cards",
  );
  if (clock === undefined) throw new Error("the database tells no time");
  const allowances = await tx.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS} from allowances
     where ${key} = any($1::bytea[]) and account = any($2::bytea[])`,
    [ids, byteaArray(accounts.map(({ address }) => address))],
  );
  return {
    now: clock.now,
    newestCard: clock.newest_card,
    accounts: new Map<Address, Account>(
      accounts.map((record) => [record.address, toAccount(record)]),
    ),
    allowances: allowances.map(toAllowance),
  };
}

/** Writes what a decision changed, under the locks that it was made under. */
export async function writeSpending(tx: Sql, changes: SpendingDraft["changes"]): Promise<void> {
  const accounts = [...changes.accounts.values()];
  if (accounts.length === 0) return;
  await tx.query(
    `update accounts set spent = changed.spent, held = changed.held, refunding = changed.refunding,
       refund_waiting = changed.refund_waiting
     from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
       as changed (address, spent, held, refunding, refund_waiting)
     where accounts.address = changed.address`,
    [
      byteaArray(accounts.map(({ address }) => address)),
      numberArray(accounts.map(({ spent }) => spent)),
      numberArray(accounts.map(({ held }) => held)),
      numberArray(accounts.map(({ refunding }) => refunding)),
      numberArray(accounts.map(({ refundWaiting }) => refundWaiting)),
    ],
  );

  const usages = [...changes.usages.entries()];
  await tx.query(
    `update allowances set period_index = used.period_index, carried_micros = used.carried_micros,
       period_spent = used.period_spent, spent = used.spent
     from unnest($1::bytea[], $2::numeric[], $3::numeric[], $4::bigint[], $5::bigint[])
       as used (id, period_index, carried_micros, period_spent, spent)
     where allowances.id = used.id`,
    [
      byteaArray(usages.map(([id]) => id)),
      numberArray(usages.map(([, usage]) => usage.periodIndex)),
      numberArray(usages.map(([, usage]) => usage.carriedMicros)),
      numberArray(usages.map(([, usage]) => usage.periodSpentMicros)),
      numberArray(usages.map(([, usage]) => usage.spentMicros)),
    ],
  );
}

/**
 * Writes debits to the log and to the providers' earnings. A plain insert: the primary key is the last guard of
 * "exactly once", and a clash runs the transaction again.
 */
export async function insertDebits(
  tx: Sql,
  debits: readonly Debit[],
  recordedAt: Date,
): Promise<void> {
  if (debits.length === 0) return;
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
      recordedAt,
      byteaArray(debits.map(({ payloadHash }) => payloadHash)),
      nullableTextArray(debits.map(({ priceBasis }) => fromPriceBasis(priceBasis))),
    ],
  );
  await addEarnings(tx, debits);
}

/** What one provider earned from one account. */
interface EarningsChange {
  readonly account: Address;
  readonly provider: Address;
  readonly earned: bigint;
}

type EarningDebit = Pick<Debit, "account" | "amountMicros" | "feeMicros"> & {
  readonly event: { readonly provider: Address };
};

/** Guarded by the accounts' locks, like all that is keyed by account. */
async function addEarnings(tx: Sql, debits: readonly EarningDebit[]): Promise<void> {
  await tx.query(
    `insert into earnings (account, provider, earned)
     select * from unnest($1::bytea[], $2::bytea[], $3::bigint[])
     on conflict (account, provider) do update set earned = earnings.earned + excluded.earned`,
    earningsArrays(sumEarnings(debits)),
  );
}

/** Takes back what providers earned by debits that are voided. */
export async function subtractEarnings(tx: Sql, debits: readonly EarningDebit[]): Promise<void> {
  await tx.query(
    `update earnings set earned = earnings.earned - back.earned
     from unnest($1::bytea[], $2::bytea[], $3::bigint[]) as back (account, provider, earned)
     where earnings.account = back.account and earnings.provider = back.provider`,
    earningsArrays(sumEarnings(debits)),
  );
}

function sumEarnings(debits: readonly EarningDebit[]): readonly EarningsChange[] {
  const sums = new Map<string, EarningsChange>();
  for (const { account, event, amountMicros, feeMicros } of debits) {
    const { provider } = event;
    const key = `${account}${provider}`;
    const earned = (sums.get(key)?.earned ?? 0n) + amountMicros - feeMicros;
    sums.set(key, { account, provider, earned });
  }
  return [...sums.values()];
}

function earningsArrays(changes: readonly EarningsChange[]): string[] {
  return [
    byteaArray(changes.map(({ account }) => account)),
    byteaArray(changes.map(({ provider }) => provider)),
    numberArray(changes.map(({ earned }) => earned)),
  ];
}
