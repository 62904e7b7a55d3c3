import type { Address, Hex } from "viem";

import type { Account } from "@compute-credits/rules/accounts/account";
import type { Allowance, AllowanceUsage } from "@compute-credits/rules/allowances/allowance";
import type { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import type {
  PredictedCharges,
  PredictedForAccount,
  PredictedForAllowance,
} from "@compute-credits/rules/usage/predictCharges";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { ARRIVAL_COUNT } from "../allowances/allowanceCache.ts";
import { HAS_BEGUN } from "@compute-credits/platform/postgres/nestedLoopPlan";
import { CURRENT_TICK } from "../log/changeTick.ts";
import { PRICE_CLOCK, type PriceClock } from "../pricing/priceClock.ts";
import { type LockedSpending, readCampaigns } from "./lockSpending.ts";
import {
  byteaArray,
  numberArray,
  packedBytes,
  packedColumn,
} from "@compute-credits/platform/postgres/values";

/** What became of the charges that were expected: written, all of it or in part. Everything is locked now. */
export interface OptimisticCharges {
  readonly clock: PriceClock;
  /** how often allowances have come (allowanceCache.ts) */
  readonly arrivals: bigint;
  /** whether each account and each allowance had room for its whole sum */
  readonly isComplete: boolean;
  /** which of the expected allowances had, by their places from 1; `null` where all had */
  readonly places: readonly bigint[] | null;
}

/**
 * Spending that was locked by writing what it is expected to become. `accounts` and `allowances` are what was there
 * before: decisions are made on them as on any other; `written` is what is there now, to be put right where a decision
 * says otherwise.
 */
export interface OptimisticSpending extends LockedSpending {
  readonly written: SpendingDraft["changes"];
}

/**
 * Charges what is expected and thereby locks every account that may pay, in the order of addresses. Nothing is charged
 * that is not there: an account or an allowance without room for its whole sum stays as it was, and is locked all the
 * same. To be called in a transaction that goes `nestedLoopPlan`, and may be the first that it does.
 */
export async function chargeOptimistically(
  tx: Sql,
  expected: PredictedCharges,
): Promise<OptimisticCharges> {
  const accounts = [...expected.accounts].toSorted(byAddress);
  const allowances = [...expected.allowances];
  // Sent together, and done one after the other.
  const [charged, { places, arrivals, ...clock }] = await Promise.all([
    chargeAccounts(tx, accounts),
    chargeAllowances(tx, allowances),
  ]);
  return {
    clock,
    arrivals,
    isComplete: charged === accounts.length && places === null,
    places,
  };
}

/** What was there before the charges, and what is there now. Read under the locks that they took. */
export async function readOptimisticSpending(
  tx: Sql,
  expected: PredictedCharges,
  { clock, places }: OptimisticCharges,
  lastSeen: readonly Allowance[],
): Promise<OptimisticSpending> {
  const accounts = new Map<Address, Account>();
  const accountsNow = new Map<Address, Account>();
  for (const { chargedMicros, ...now } of await readAccounts(tx, [...expected.accounts.keys()])) {
    accountsNow.set(now.address, now);
    accounts.set(now.address, { ...now, spent: now.spent - chargedMicros });
  }
  const states = await readStates(
    tx,
    lastSeen.map(({ id }) => id),
  );
  const wanted = [...expected.allowances.keys()];
  const charged = new Set(places?.map((place) => wanted[Number(place) - 1]) ?? wanted);
  const usagesNow = new Map<Hex, AllowanceUsage>();
  const allowances = lastSeen.flatMap((allowance) => {
    const { id } = allowance;
    const state = states.get(id);
    if (state === undefined) return [];
    if (!charged.has(id)) return { ...allowance, ...state };
    usagesNow.set(id, state.usage);
    const chargedMicros = expected.allowances.get(id)?.amountMicros ?? 0n;
    const { periodSpentMicros, spentMicros } = state.usage;
    const usage = {
      ...state.usage,
      periodSpentMicros: periodSpentMicros - chargedMicros,
      spentMicros: spentMicros - chargedMicros,
    };
    return { ...allowance, ...state, usage };
  });
  return {
    ...clock,
    accounts,
    allowances,
    campaigns: await readCampaigns(tx, lastSeen),
    written: { accounts: accountsNow, usages: usagesNow },
  };
}

/** What is still to be written: where the decision differs from what was written ahead of it. */
export function corrections(
  { accounts, allowances, written }: OptimisticSpending,
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

function byAddress([a]: readonly [Address, unknown], [b]: readonly [Address, unknown]): number {
  return a < b ? -1 : 1;
}

/** How many accounts were charged all that was wanted of them. */
async function chargeAccounts(
  tx: Sql,
  wanted: readonly (readonly [Address, PredictedForAccount])[],
): Promise<number> {
  // A nested loop: accounts by hash, in the order of the array. The sum can't overflow: it stays under `purchased`.
  const [charged] = await tx.query<{ count: bigint }>(
    `with charged as (
       update accounts set spent = accounts.spent + ${FITTING}, spent_ahead = ${FITTING},
         changed_at_tick = ${CURRENT_TICK}
       from (
         select ${packedColumn("$1", "n", 20)} as address, micros, cap, signed_counter
         from unnest($2::bigint[], $3::bigint[], $4::bigint[]) with ordinality as u (micros, cap, signed_counter, n)
       ) as wanted
       where accounts.address = wanted.address and ${HAS_BEGUN}
       returning spent_ahead = micros as had_room
     )
     select count(*) filter (where had_room) as count from charged`,
    [
      packedBytes(wanted.map(([address]) => address)),
      numberArray(wanted.map(([, { amountMicros }]) => amountMicros)),
      numberArray(wanted.map(([, { accountCap }]) => (accountCap > MOST ? "null" : accountCap))),
      numberArray(wanted.map(([, { counter }]) => leastOf(counter, MOST))),
    ],
  );
  return Number(charged?.count ?? 0n);
}

/** What a column can hold. No account is ever charged so much, and no counter raised so far. */
const MOST = 2n ** 63n - 1n;

function leastOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Kept in a column, because an update tells only what a row has become. */
const FITTING = `case when micros <= purchased - accounts.spent - held - refunding - refunded
         and (cap is null or micros <= cap - accounts.spent - held) and (counter = signed_counter or micros = 0)
         then micros else 0 end`;

/** An account as it is now, and what was charged to it ahead. */
type ChargedAccount = Account & { readonly chargedMicros: bigint };

async function readAccounts(
  tx: Sql,
  addresses: readonly Address[],
): Promise<readonly ChargedAccount[]> {
  // accounts by primary key
  return await tx.query<ChargedAccount>(
    `select address, purchased, spent, held, refunding, refund_waiting as "refundWaiting", refunded, counter,
       spent_ahead as "chargedMicros"
     from unnest($1::bytea[]) as wanted (address) join accounts using (address)`,
    [byteaArray(addresses)],
  );
}

/**
 * Charges the allowances that have room; `places` tells which those are. Under their accounts' locks, so in any order. The
 * clock goes with it: the statement began when the locks were there, and it is read when all is written.
 */
async function chargeAllowances(
  tx: Sql,
  wanted: readonly (readonly [Hex, PredictedForAllowance])[],
): Promise<PriceClock & Pick<OptimisticCharges, "arrivals" | "places">> {
  // A nested loop: allowance_usage by hash. An allowance is charged even where its account has no room, so that its
  // sums are kept within a bigint here.
  const [charged] = await tx.query<PriceClock & Pick<OptimisticCharges, "arrivals" | "places">>(
    `with charged as (
       update allowance_usage set spent = allowance_usage.spent + micros, period_spent = period_spent + micros
       from (
         select n, ${packedColumn("$1", "n", 32)} as id, index, micros
         from unnest($2::bigint[], $3::bigint[]) with ordinality as u (index, micros, n)
       ) as wanted
       where allowance_usage.id = wanted.id and ${HAS_BEGUN} and period_index = index and revoked_at is null
         and micros <= period_room - period_spent and micros <= ${MOST} - allowance_usage.spent
       returning n
     ), places as (
       select case when count(*) < cardinality($2::bigint[]) then coalesce(array_agg(n), '{}') end as places from charged
     )
     select places, ${ARRIVAL_COUNT} as arrivals, ${PRICE_CLOCK} from places`,
    [
      packedBytes(wanted.map(([id]) => id)),
      numberArray(wanted.map(([, { periodIndex }]) => periodIndex)),
      numberArray(wanted.map(([, { amountMicros }]) => amountMicros)),
    ],
  );
  if (charged === undefined) throw new Error("an aggregate without a row");
  return charged;
}

type AllowanceState = Pick<Allowance, "revokedAt" | "usage">;

async function readStates(tx: Sql, ids: readonly Hex[]): Promise<ReadonlyMap<Hex, AllowanceState>> {
  if (ids.length === 0) return new Map();
  // allowance_usage by primary key
  const records = await tx.query<AllowanceUsage & { id: Hex; revokedAt: Date | null }>(
    `select id, revoked_at as "revokedAt", period_index as "periodIndex", carried_micros as "carriedMicros",
       period_spent as "periodSpentMicros", spent as "spentMicros"
     from unnest($1::bytea[]) as wanted (id) join allowance_usage using (id)`,
    [byteaArray(ids)],
  );
  return new Map(records.map(({ id, revokedAt, ...usage }) => [id, { revokedAt, usage }]));
}
