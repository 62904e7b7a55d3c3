import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Account } from "@compute-credits/rules/accounts/account";
import type { Allowance, AllowanceUsage } from "@compute-credits/rules/allowances/allowance";
import type { SpendingDraft, SpendingState } from "@compute-credits/rules/spending/spendingDraft";
import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  ALLOWANCE_COLUMNS,
  ALLOWANCE_COLUMNS_OF_L,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { CURRENT_TICK } from "../log/changeTick.ts";
import { type PriceClock, readPriceClock } from "../pricing/priceClock.ts";
import { byteaArray, numberArray } from "@compute-credits/platform/postgres/values";

/** The locked state that a spending decision reads, and the clock of that moment. */
export interface LockedSpending extends Omit<SpendingState, "hasAccess">, PriceClock {}

/**
 * Locks the accounts that the spenders accept, and their allowances, in address order, so that
 * transactions cannot deadlock. What it reads stays true until the commit: `for update` returns
 * rows as they are after a wait, and leaves out those that no longer count.
 */
export async function lockSpenders(
  tx: Sql,
  spenders: ReadonlySet<SpenderId>,
): Promise<LockedSpending> {
  return await read(tx, "spender", [...spenders], FOR_UPDATE);
}

/** Reads the same state without locks, to refuse what could not change it. */
export async function readSpenders(
  tx: Sql,
  spenders: ReadonlySet<SpenderId>,
): Promise<LockedSpending> {
  return await read(tx, "spender", [...spenders], "");
}

/** Locks allowances that already paid or hold credits, and their accounts. */
export async function lockAllowances(
  tx: Sql,
  allowances: ReadonlySet<Hex>,
): Promise<LockedSpending> {
  return await read(tx, "id", [...allowances], FOR_UPDATE);
}

/**
 * Locks the accounts whose tier usage will change, together with the payers, in address order. Does
 * nothing if all of them pay, as they nearly always do: an account may have part of a price without
 * paying, at a free tier. So the log order tells which usage priced a later event.
 */
export async function lockTierAccounts(
  tx: Sql,
  tierAccounts: readonly Address[],
  payers: readonly Address[],
): Promise<void> {
  if (tierAccounts.every((account) => payers.includes(account))) return;
  await tx.query(
    "select 1 from accounts where address = any($1::bytea[]) order by address for update",
    [byteaArray([...tierAccounts, ...payers])],
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
  readonly recorded_cap: bigint;
};

const FOR_UPDATE = "for update of a, l";

async function read(
  tx: Sql,
  key: "spender" | "id",
  ids: readonly Hex[],
  locking: typeof FOR_UPDATE | "",
): Promise<LockedSpending> {
  // Plan: allowances_of_spender or the primary key, then accounts by primary key.
  const records = await tx.query<AllowanceWithAccount>(
    `select ${ALLOWANCE_COLUMNS_OF_L}, a.purchased, a.spent as account_spent, a.held, a.refunding,
       a.refund_waiting, a.refunded, a.counter as account_counter, a.recorded_cap
     from allowances l join accounts a on a.address = l.account
     where l.${key} = any($1::bytea[]) ${key === "spender" ? "and l.accepted" : ""}
     order by l.account, l.id ${locking}`,
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

/**
 * Reads the campaigns of grants. They belong to the same accounts, so these locks already cover
 * them.
 */
export async function readCampaigns(
  tx: Sql,
  allowances: readonly Allowance[],
): Promise<readonly Allowance[]> {
  const ids = new Set(allowances.flatMap(({ campaign }) => campaign ?? []));
  if (ids.size === 0) return [];
  // Plan: allowances by primary key.
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
    recordedCap: record.recorded_cap,
  };
}

/** Writes the changes of a decision. The caller still holds the decision's locks. */
export async function writeSpending(tx: Sql, changes: SpendingDraft["changes"]): Promise<void> {
  if (changes.accounts.size > 0) await writeAccounts(tx, [...changes.accounts.values()]);
  if (changes.usages.size > 0) await writeUsages(tx, [...changes.usages]);
}

async function writeAccounts(tx: Sql, accounts: readonly Account[]): Promise<void> {
  // Plan: accounts by primary key.
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
  // Plan: allowance_usage by primary key.
  await tx.query(
    `update allowance_usage set period_index = used.period_index,
       carried_micros = used.carried_micros, period_spent = used.period_spent, spent = used.spent
     from unnest($1::bytea[], $2::bigint[], $3::numeric[], $4::bigint[], $5::bigint[])
       as used (id, period_index, carried_micros, period_spent, spent)
     where allowance_usage.id = used.id`,
    [
      byteaArray(usages.map(([id]) => id)),
      numberArray(usages.map(([, usage]) => usage.periodIndex)),
      numberArray(usages.map(([, usage]) => usage.carriedMicros)),
      numberArray(usages.map(([, usage]) => usage.periodSpentMicros)),
      numberArray(usages.map(([, usage]) => usage.spentMicros)),
    ],
  );
}
