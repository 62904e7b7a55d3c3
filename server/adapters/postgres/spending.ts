import type { Address, Hex } from "viem";

import type { SpenderId } from "../../../protocol/spender.ts";
import type { Account } from "../../domain/accounts/account.ts";
import type { Allowance, AllowanceUsage } from "../../domain/allowances/allowance.ts";
import type { SpendingDraft, SpendingState } from "../../domain/spending/spendingDraft.ts";
import type { Debit } from "../../domain/usage/decideDebits.ts";
import type { Sql } from "../../ports/database.ts";
import {
  ALLOWANCE_COLUMNS,
  ALLOWANCE_COLUMNS_OF_L,
  type AllowanceRecord,
  toAllowance,
} from "./allowanceRecord.ts";
import { CURRENT_TICK } from "./checkpoints/cutClock.ts";
import { fromPriceBasis } from "./pinnedRateRecord.ts";
import { type PriceClock, readPriceClock } from "./priceClock.ts";
import { byteaArray, nullableTextArray, numberArray, textArray } from "./values.ts";

/** What spending is decided on, and what is in force then. */
export interface LockedSpending extends Omit<SpendingState, "hasAccess">, PriceClock {}

/**
 * Locks the accounts that may pay for the spenders, and their allowances, always in the order of the accounts' addresses,
 * so that transactions never wait for one another in a circle. All that is read stays true until the commit: a row that
 * had to be waited for is read as it is after the wait.
 */
export async function lockSpenders(
  tx: Sql,
  spenders: ReadonlySet<SpenderId>,
): Promise<LockedSpending> {
  return await lock(tx, "spender", [...spenders]);
}

/** Locks the accounts of charges that were made before: nobody new is going to pay. */
export async function lockAllowances(
  tx: Sql,
  allowances: ReadonlySet<Hex>,
): Promise<LockedSpending> {
  return await lock(tx, "id", [...allowances]);
}

/**
 * Locks the account whose usage of a tiered rate is going to move, where it pays nothing itself, together with those that
 * do, in the order of all: what a later event is priced by is then known from the order of the log.
 */
export async function lockTierAccount(
  tx: Sql,
  tierAccount: Address | undefined,
  payers: readonly Address[],
): Promise<void> {
  if (tierAccount === undefined || payers.includes(tierAccount)) return;
  await tx.query(
    "select 1 from accounts where address = any($1::bytea[]) order by address for update",
    [byteaArray([tierAccount, ...payers])],
  );
}

type AllowanceWithAccount = AllowanceRecord & {
  readonly purchased: bigint;
  readonly account_spent: bigint;
  readonly held: bigint;
  readonly refunding: bigint;
  readonly refund_waiting: bigint;
  readonly refunded: bigint;
  readonly account_counter: bigint;
};

async function lock(tx: Sql, key: "spender" | "id", ids: readonly Hex[]): Promise<LockedSpending> {
  // allowances_of_spender or the primary key, then accounts by primary key
  const records = await tx.query<AllowanceWithAccount>(
    `select ${ALLOWANCE_COLUMNS_OF_L}, a.purchased, a.spent as account_spent, a.held, a.refunding, a.refund_waiting,
       a.refunded, a.counter as account_counter
     from allowances l join accounts a on a.address = l.account
     where l.${key} = any($1::bytea[])
     order by l.account, l.id for update of a, l`,
    [byteaArray(ids)],
  );
  const allowances = records.map(toAllowance);
  const campaigns = await readCampaigns(tx, allowances);
  return {
    ...(await readPriceClock(tx)),
    accounts: new Map(records.map((record) => [record.account, accountOf(record)])),
    allowances,
    campaigns,
  };
}

/** What the grants among allowances were granted out of: of the same accounts, so under their locks already. */
export async function readCampaigns(
  tx: Sql,
  allowances: readonly Allowance[],
): Promise<readonly Allowance[]> {
  const ids = new Set(allowances.flatMap(({ campaign }) => campaign ?? []));
  if (ids.size === 0) return [];
  // allowances by primary key
  const records = await tx.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS} from allowances where id = any($1::bytea[])`,
    [byteaArray([...ids])],
  );
  return records.map(toAllowance);
}

function accountOf(record: AllowanceWithAccount): Account {
  return {
    address: record.account,
    purchased: record.purchased,
    spent: record.account_spent,
    held: record.held,
    refunding: record.refunding,
    refundWaiting: record.refund_waiting,
    refunded: record.refunded,
    counter: record.account_counter,
  };
}

/**
 * Which provider may bill which spender. What was found once need not be asked again until anybody takes access back,
 * which `accessRevocations` tells; it is to be read under the locks of those who pay.
 */
export function cachedAccess() {
  let granted = new Granted();
  let asOf = -1n;
  return async (
    sql: Sql,
    pairs: readonly { spender: SpenderId; provider: Address }[],
    { accessRevocations }: Pick<PriceClock, "accessRevocations">,
  ): Promise<SpendingState["hasAccess"]> => {
    // Before anything is looked up: what this batch needs must stay until it is decided. What another batch is deciding by
    // is left to it.
    if (granted.pairs > MOST_CACHED_PAIRS || accessRevocations > asOf) granted = new Granted();
    asOf = accessRevocations > asOf ? accessRevocations : asOf;
    const known = accessRevocations === asOf ? granted : new Granted();
    const unknown = pairs.filter(({ spender, provider }) => !known.has(spender, provider));
    if (unknown.length > 0) {
      // provider_access by primary key
      const found = await sql.query<{ spender: Hex; provider: Address }>(
        `select spender, provider from provider_access
         join (select distinct * from unnest($1::bytea[], $2::bytea[])) as asked (spender, provider)
           using (spender, provider)
         where revoked_at is null`,
        [
          byteaArray(unknown.map(({ spender }) => spender)),
          byteaArray(unknown.map(({ provider }) => provider)),
        ],
      );
      for (const { spender, provider } of found) known.add(spender, provider);
    }
    return (spender, provider) => known.has(spender, provider);
  };
}

/** Pairs that were found, by spender: a joined key would be hashed anew for every event. */
class Granted {
  readonly #providers = new Map<SpenderId, Set<Address>>();

  pairs = 0;

  has(spender: SpenderId, provider: Address): boolean {
    return this.#providers.get(spender)?.has(provider) === true;
  }

  add(spender: SpenderId, provider: Address): void {
    const before = this.#providers.get(spender);
    if (before === undefined) this.#providers.set(spender, new Set([provider]));
    else before.add(provider);
    this.pairs++;
  }
}

/** About 300 bytes each. */
const MOST_CACHED_PAIRS = 150_000;

/** Writes what a decision changed, under the locks that it was made under. */
export async function writeSpending(tx: Sql, changes: SpendingDraft["changes"]): Promise<void> {
  if (changes.accounts.size > 0) await writeAccounts(tx, [...changes.accounts.values()]);
  if (changes.usages.size > 0) await writeUsages(tx, [...changes.usages]);
}

async function writeAccounts(tx: Sql, accounts: readonly Account[]): Promise<void> {
  // accounts by primary key
  await tx.query(
    `update accounts set spent = changed.spent, held = changed.held, refunding = changed.refunding,
       refund_waiting = changed.refund_waiting, changed_at_tick = ${CURRENT_TICK}
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
}

async function writeUsages(
  tx: Sql,
  usages: readonly (readonly [Hex, AllowanceUsage])[],
): Promise<void> {
  // allowances by primary key
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
  await insertDebitRows(tx, debits, recordedAt);
  await moveEarnings(tx, debits, 1n);
}

/** The log alone. */
export async function insertDebitRows(
  tx: Sql,
  debits: readonly Debit[],
  recordedAt: Date,
): Promise<void> {
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
}

type EarningDebit = Pick<Debit, "account" | "amountMicros" | "feeMicros"> & {
  readonly event: { readonly provider: Address };
};

/**
 * Moves providers' earnings: up by debits, down (`-1n`) by debits that are taken back. In the row of one of the accounts
 * that paid: guarded by that account's lock, and one row for a batch, however many accounts are in it. Only the sum over
 * a provider's rows has a meaning.
 */
export async function moveEarnings(
  tx: Sql,
  debits: readonly EarningDebit[],
  sign: 1n | -1n,
): Promise<void> {
  await tx.query(
    `insert into earnings (account, provider, earned, changed_at_tick)
     select *, ${CURRENT_TICK} from unnest($1::bytea[], $2::bytea[], $3::bigint[])
     on conflict (account, provider) do update set earned = earnings.earned + excluded.earned,
       changed_at_tick = excluded.changed_at_tick`,
    earningsArrays(debits, sign),
  );
}

function earningsArrays(debits: readonly EarningDebit[], sign: 1n | -1n): string[] {
  const sums = new Map<Address, { account: Address; earned: bigint }>();
  for (const { account, event, amountMicros, feeMicros } of debits) {
    const before = sums.get(event.provider);
    const earned = (before?.earned ?? 0n) + sign * (amountMicros - feeMicros);
    sums.set(event.provider, { account: before?.account ?? account, earned });
  }
  const changes = [...sums];
  return [
    byteaArray(changes.map(([, { account }]) => account)),
    byteaArray(changes.map(([provider]) => provider)),
    numberArray(changes.map(([, { earned }]) => earned)),
  ];
}
