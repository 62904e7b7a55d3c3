import type { Address, Hex } from "viem";

import type { Account } from "../../domain/accounts/account.ts";
import type { Allowance, AllowanceUsage } from "../../domain/allowances/allowance.ts";
import type { SpendingDraft } from "../../domain/spending/spendingDraft.ts";
import type { ExpectedCharge, ExpectedCharges } from "../../domain/usage/expectedCharges.ts";
import type { Sql } from "../../ports/database.ts";
import { CURRENT_TICK } from "./checkpoints/cutClock.ts";
import { readPriceClock } from "./priceClock.ts";
import { type LockedSpending, readCampaigns } from "./spending.ts";
import { byteaArray, numberArray } from "./values.ts";

/**
 * Spending that was locked by writing what it is expected to become. `accounts` and `allowances` are what was there
 * before: decisions are made on them as on any other; `written` is what is there now, to be put right where a decision
 * says otherwise.
 */
export interface AheadSpending extends LockedSpending {
  readonly written: SpendingDraft["changes"];
}

/**
 * Charges what is expected and thereby locks every account that may pay, in the order of addresses. Nothing is charged
 * that is not there: an account or an allowance without room for its whole sum stays as it was, and is locked all the
 * same. To be called in a transaction that goes `rowByRow`.
 */
export async function spendAhead(
  tx: Sql,
  expected: ExpectedCharges,
  lastSeen: readonly Allowance[],
): Promise<AheadSpending> {
  const charged = await chargeAccounts(tx, expected.accounts);
  const accounts = new Map<Address, Account>();
  const accountsNow = new Map<Address, Account>();
  for (const { account, aheadMicros } of charged) {
    accounts.set(account.address, account);
    accountsNow.set(account.address, { ...account, spent: account.spent + aheadMicros });
  }

  const before = await chargeAllowances(
    tx,
    [...expected.allowances].filter(
      ([, { account }]) => accounts.get(account)?.spent !== accountsNow.get(account)?.spent,
    ),
  );
  const usagesNow = new Map<Hex, AllowanceUsage>();
  for (const [id, usage] of before) {
    const aheadMicros = expected.allowances.get(id)?.amountMicros ?? 0n;
    usagesNow.set(id, {
      ...usage,
      periodSpentMicros: usage.periodSpentMicros + aheadMicros,
      spentMicros: usage.spentMicros + aheadMicros,
    });
  }
  const others = lastSeen.filter(({ id }) => !before.has(id)).map(({ id }) => id);
  const states = await readStates(tx, others);

  return {
    ...(await readPriceClock(tx)),
    accounts,
    allowances: lastSeen.flatMap((allowance) => {
      const usage = before.get(allowance.id);
      const state = usage === undefined ? states.get(allowance.id) : { revokedAt: null, usage };
      return state === undefined ? [] : { ...allowance, ...state };
    }),
    campaigns: await readCampaigns(tx, lastSeen),
    written: { accounts: accountsNow, usages: usagesNow },
  };
}

/** What is still to be written: where the decision differs from what was written ahead of it. */
export function stillToWrite(
  { accounts, allowances, written }: AheadSpending,
  decided: SpendingDraft["changes"],
): SpendingDraft["changes"] {
  const accountsLeft = new Map<Address, Account>();
  for (const address of new Set([...written.accounts.keys(), ...decided.accounts.keys()])) {
    const wanted = decided.accounts.get(address) ?? accounts.get(address);
    if (wanted !== undefined && wanted.spent !== written.accounts.get(address)?.spent) {
      accountsLeft.set(address, wanted);
    }
  }
  const usagesLeft = new Map<Hex, AllowanceUsage>();
  const before = new Map(allowances.map(({ id, usage }) => [id, usage]));
  for (const id of new Set([...written.usages.keys(), ...decided.usages.keys()])) {
    const wanted = decided.usages.get(id) ?? before.get(id);
    if (wanted !== undefined && !isSame(wanted, written.usages.get(id))) usagesLeft.set(id, wanted);
  }
  return { accounts: accountsLeft, usages: usagesLeft };
}

function isSame(a: AllowanceUsage, b: AllowanceUsage | undefined): boolean {
  return (
    b !== undefined &&
    a.spentMicros === b.spentMicros &&
    a.periodSpentMicros === b.periodSpentMicros &&
    a.periodIndex === b.periodIndex &&
    a.carriedMicros === b.carriedMicros
  );
}

/** An account as it was before, and what was charged to it ahead: all that was wanted, or nothing. */
interface ChargedAccount {
  readonly account: Account;
  readonly aheadMicros: bigint;
}

async function chargeAccounts(
  tx: Sql,
  wanted: ExpectedCharges["accounts"],
): Promise<readonly ChargedAccount[]> {
  const addresses = [...wanted.keys()].toSorted();
  // A nested loop: accounts by primary key, in the order of the array. The sum can't overflow: it stays under `purchased`.
  const [charged] = await tx.query<Columns<Omit<Account, "address"> & { ahead: bigint }>>(
    `with charged as (
       update accounts set spent = accounts.spent + ${FITTING}, spent_ahead = ${FITTING},
         changed_at_tick = ${CURRENT_TICK}
       from unnest($1::bytea[], $2::bigint[]) with ordinality as wanted (address, micros, n)
       where accounts.address = wanted.address
       returning n, spent_ahead, purchased, accounts.spent - spent_ahead as spent, held, refunding, refund_waiting,
         refunded, counter
     )
     select array_agg(n) as n, array_agg(spent_ahead) as ahead, array_agg(purchased) as purchased,
       array_agg(spent) as spent, array_agg(held) as held, array_agg(refunding) as refunding,
       array_agg(refund_waiting) as "refundWaiting", array_agg(refunded) as refunded, array_agg(counter) as counter
     from charged`,
    [byteaArray(addresses), numberArray(addresses.map((address) => wanted.get(address) ?? 0n))],
  );
  return rowsIn(charged).map((row) => ({
    account: {
      address: at(addresses, Number(at(charged?.n, row)) - 1),
      purchased: at(charged?.purchased, row),
      spent: at(charged?.spent, row),
      held: at(charged?.held, row),
      refunding: at(charged?.refunding, row),
      refundWaiting: at(charged?.refundWaiting, row),
      refunded: at(charged?.refunded, row),
      counter: at(charged?.counter, row),
    },
    aheadMicros: at(charged?.ahead, row),
  }));
}

/** Kept in a column, because an update tells only what a row has become. */
const FITTING = `case when wanted.micros <= purchased - accounts.spent - held - refunding - refunded
         then wanted.micros else 0 end`;

/** The usage of the allowances that had room, as it was before. Under their accounts' locks, so in any order. */
async function chargeAllowances(
  tx: Sql,
  wanted: readonly (readonly [Hex, ExpectedCharge])[],
): Promise<ReadonlyMap<Hex, AllowanceUsage>> {
  if (wanted.length === 0) return new Map();
  // A nested loop: allowances by primary key. What is charged was charged to the account: no sum can overflow.
  const [charged] = await tx.query<Columns<AllowanceUsage>>(
    `with charged as (
       update allowances set spent = allowances.spent + wanted.micros, period_spent = period_spent + wanted.micros
       from unnest($1::bytea[], $2::numeric[], $3::bigint[]) with ordinality as wanted (id, period_index, micros, n)
       where allowances.id = wanted.id and allowances.period_index = wanted.period_index and revoked_at is null
         and wanted.micros <= limit_micros + carried_micros - period_spent
       returning n, allowances.period_index, carried_micros, period_spent - wanted.micros as period_spent,
         allowances.spent - wanted.micros as spent
     )
     select array_agg(n) as n, array_agg(period_index) as "periodIndex", array_agg(carried_micros) as "carriedMicros",
       array_agg(period_spent) as "periodSpentMicros", array_agg(spent) as "spentMicros"
     from charged`,
    [
      byteaArray(wanted.map(([id]) => id)),
      numberArray(wanted.map(([, { periodIndex }]) => periodIndex)),
      numberArray(wanted.map(([, { amountMicros }]) => amountMicros)),
    ],
  );
  return new Map(
    rowsIn(charged).map((row) => {
      const [id] = at(wanted, Number(at(charged?.n, row)) - 1);
      return [
        id,
        {
          periodIndex: at(charged?.periodIndex, row),
          carriedMicros: at(charged?.carriedMicros, row),
          periodSpentMicros: at(charged?.periodSpentMicros, row),
          spentMicros: at(charged?.spentMicros, row),
        },
      ];
    }),
  );
}

/**
 * A result as one row of arrays, a thousand rows are read several times faster so. `n` is the place, from 1, in what was
 * asked. Null where there are none.
 */
type Columns<Row> = { readonly [Name in keyof Row | "n"]: readonly bigint[] | null };

function rowsIn(columns: { readonly n: readonly bigint[] | null } | undefined): number[] {
  return [...(columns?.n ?? []).keys()];
}

function at<T>(column: readonly T[] | null | undefined, row: number): T {
  const value = column?.[row];
  if (value === undefined) throw new RangeError("the columns of a result are of one length");
  return value;
}

type AllowanceState = Pick<Allowance, "revokedAt" | "usage">;

async function readStates(tx: Sql, ids: readonly Hex[]): Promise<ReadonlyMap<Hex, AllowanceState>> {
  if (ids.length === 0) return new Map();
  // allowances by primary key
  const records = await tx.query<AllowanceUsage & { id: Hex; revokedAt: Date | null }>(
    `select id, revoked_at as "revokedAt", period_index as "periodIndex", carried_micros as "carriedMicros",
       period_spent as "periodSpentMicros", spent as "spentMicros"
     from unnest($1::bytea[]) as wanted (id) join allowances using (id)`,
    [byteaArray(ids)],
  );
  return new Map(records.map(({ id, revokedAt, ...usage }) => [id, { revokedAt, usage }]));
}
