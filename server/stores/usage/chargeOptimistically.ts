import type { Address, Hex } from "viem";

import { min } from "@compute-credits/protocol/amounts";
import type { Account } from "@compute-credits/rules/accounts/account";
import type { Allowance, AllowanceUsage } from "@compute-credits/rules/allowances/allowance";
import { periodIndexAt } from "@compute-credits/rules/allowances/period";
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
  booleanArray,
  byteaArray,
  numberArray,
  packedBytes,
  packedColumn,
} from "@compute-credits/platform/postgres/values";

/** The result of charging predicted amounts: all of them or some. All payers are locked now. */
export interface OptimisticCharges {
  readonly clock: PriceClock;
  /** the arrival count of allowances (allowanceCache.ts) */
  readonly arrivals: bigint;
  /**
   * every account and every allowance could pay its whole predicted sum, and what was passed over
   * could pay nothing
   */
  readonly isAsPredicted: boolean;
  /** 1-based positions of the predicted allowances that were charged; `null` if all were */
  readonly places: readonly bigint[] | null;
}

/**
 * Spending that was locked by charging predicted amounts. `accounts` and `allowances` are the state
 * before the charges, to decide on; `written` is the state now, to correct if the decision differs.
 */
export interface OptimisticSpending extends LockedSpending {
  readonly written: SpendingDraft["changes"];
}

/**
 * Charges the predicted amounts, which locks every account that may pay, in address order. Never
 * overdraws: an account or allowance that cannot pay its whole sum is locked but not charged. Call
 * it in a transaction with `nestedLoopPlan`, at best as its first statement.
 */
export async function chargeOptimistically(
  tx: Sql,
  predicted: PredictedCharges,
): Promise<OptimisticCharges> {
  const accounts = [...predicted.accounts].toSorted(byAddress);
  const allowances = [...predicted.allowances];
  // Pipelined in one round trip. PostgreSQL runs them in this order.
  const [charged, { places, arrivals, ...clock }, areDepleted] = await Promise.all([
    chargeAccounts(tx, accounts),
    chargeAllowances(tx, allowances),
    areAllDepleted(tx, [...predicted.passedOver.values()], predicted.now),
  ]);
  return {
    clock,
    arrivals,
    isAsPredicted: charged === accounts.length && places === null && areDepleted,
    places,
  };
}

/** Reads the spending before and after the charges, under the locks that they took. */
export async function readOptimisticSpending(
  tx: Sql,
  predicted: PredictedCharges,
  { clock, places }: OptimisticCharges,
  cached: readonly Allowance[],
): Promise<OptimisticSpending> {
  const accounts = new Map<Address, Account>();
  const accountsNow = new Map<Address, Account>();
  for (const { chargedMicros, ...now } of await readAccounts(tx, [...predicted.accounts.keys()])) {
    accountsNow.set(now.address, now);
    accounts.set(now.address, { ...now, spent: now.spent - chargedMicros });
  }
  const states = await readAllowanceStates(
    tx,
    cached.map(({ id }) => id),
  );
  const ids = [...predicted.allowances.keys()];
  const charged = new Set(places?.map((ordinal) => ids[Number(ordinal) - 1]) ?? ids);
  const usagesNow = new Map<Hex, AllowanceUsage>();
  const allowances = cached.flatMap((allowance) => {
    const { id } = allowance;
    const state = states.get(id);
    if (state === undefined) return [];
    if (!charged.has(id)) return { ...allowance, ...state };
    usagesNow.set(id, state.usage);
    const chargedMicros = predicted.allowances.get(id)?.amountMicros ?? 0n;
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
    campaigns: await readCampaigns(tx, cached),
    written: { accounts: accountsNow, usages: usagesNow },
  };
}

/**
 * Returns the rows in which the decision differs from the optimistic charges, with their right
 * values.
 */
export function corrections(
  { accounts, allowances, written }: OptimisticSpending,
  decided: SpendingDraft["changes"],
): SpendingDraft["changes"] {
  const wrongAccounts = new Map<Address, Account>();
  for (const address of new Set([...written.accounts.keys(), ...decided.accounts.keys()])) {
    const right = decided.accounts.get(address) ?? accounts.get(address);
    if (right !== undefined && right.spent !== written.accounts.get(address)?.spent) {
      wrongAccounts.set(address, right);
    }
  }
  const wrongUsages = new Map<Hex, AllowanceUsage>();
  const before = new Map(allowances.map(({ id, usage }) => [id, usage]));
  for (const id of new Set([...written.usages.keys(), ...decided.usages.keys()])) {
    const right = decided.usages.get(id) ?? before.get(id);
    if (right !== undefined && !usagesEqual(right, written.usages.get(id))) {
      wrongUsages.set(id, right);
    }
  }
  return { accounts: wrongAccounts, usages: wrongUsages };
}

function usagesEqual(a: AllowanceUsage, b: AllowanceUsage | undefined): boolean {
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

/** Charges accounts their predicted sums. Returns how many could pay theirs. */
async function chargeAccounts(
  tx: Sql,
  predicted: readonly (readonly [Address, PredictedForAccount])[],
): Promise<number> {
  // Plan: a nested loop over accounts by hash, in the order of the array. No sum overflows: `spent`
  // stays below `purchased`.
  const [charged] = await tx.query<{ count: bigint }>(
    `with charged as (
       update accounts set spent = accounts.spent + ${FITTING_MICROS},
         spent_ahead = ${FITTING_MICROS}, changed_at_tick = ${CURRENT_TICK}
       from (
         select ${packedColumn("$1", "n", 20)} as address, micros, cap, signed_counter, by_contract
         from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[])
           with ordinality as u (micros, cap, signed_counter, by_contract, n)
       ) as wanted
       where accounts.address = wanted.address and ${HAS_BEGUN}
       returning spent_ahead = micros as had_room
     )
     select count(*) filter (where had_room) as count from charged`,
    [
      packedBytes(predicted.map(([address]) => address)),
      numberArray(predicted.map(([, { amountMicros }]) => amountMicros)),
      numberArray(predicted.map(([, { accountCap: cap }]) => (cap > MAX_BIGINT ? "null" : cap))),
      numberArray(predicted.map(([, { counter }]) => min(counter, MAX_BIGINT))),
      // Hardly any batch has a contract wallet: without one, no array is sent.
      predicted.some(([, { byContract }]) => byContract)
        ? booleanArray(predicted.map(([, { byContract }]) => byContract))
        : null,
    ],
  );
  return Number(charged?.count ?? 0n);
}

/** The most that a bigint column holds. No charge or counter ever gets that large. */
const MAX_BIGINT = 2n ** 63n - 1n;

/**
 * SQL: the predicted sum if the account can pay it, otherwise 0. Also stored in `spent_ahead`,
 * because `returning` only sees the new row.
 */
const FITTING_MICROS = `case when micros <= purchased - accounts.spent - held - refunding - refunded
         and (cap is null or micros <= cap - accounts.spent - held)
         and (by_contract is not true or micros <= recorded_cap - accounts.spent - held)
         and (counter = signed_counter or micros = 0)
         then micros else 0 end`;

/** An account after the optimistic charges, and how much they charged it. */
type ChargedAccount = Account & { readonly chargedMicros: bigint };

async function readAccounts(
  tx: Sql,
  addresses: readonly Address[],
): Promise<readonly ChargedAccount[]> {
  // Plan: accounts by primary key.
  return await tx.query<ChargedAccount>(
    `select address, purchased, spent, held, refunding, refund_waiting as "refundWaiting", refunded,
       counter, recorded_cap as "recordedCap", spent_ahead as "chargedMicros"
     from unnest($1::bytea[]) as wanted (address) join accounts using (address)`,
    [byteaArray(addresses)],
  );
}

/**
 * Charges the allowances that have room; the accounts' locks already order it. Also reads the
 * clock, which is then after the locks were granted and the charges written.
 */
async function chargeAllowances(
  tx: Sql,
  predicted: readonly (readonly [Hex, PredictedForAllowance])[],
): Promise<PriceClock & Pick<OptimisticCharges, "arrivals" | "places">> {
  // Plan: a nested loop over allowance_usage by hash. Also bounds the sums to a bigint, because an
  // allowance is charged even if its account cannot pay.
  const [charged] = await tx.query<PriceClock & Pick<OptimisticCharges, "arrivals" | "places">>(
    `with charged as (
       update allowance_usage set spent = allowance_usage.spent + micros,
         period_spent = period_spent + micros
       from (
         select n, ${packedColumn("$1", "n", 32)} as id, index, micros
         from unnest($2::bigint[], $3::bigint[]) with ordinality as u (index, micros, n)
       ) as wanted
       where allowance_usage.id = wanted.id and ${HAS_BEGUN} and period_index = index
         and revoked_at is null
         and micros <= period_room - period_spent
         and micros <= ${MAX_BIGINT} - allowance_usage.spent
       returning n
     ), places as (
       select case when count(*) < cardinality($2::bigint[])
         then coalesce(array_agg(n), '{}') end as places from charged
     )
     select places, ${ARRIVAL_COUNT} as arrivals, ${PRICE_CLOCK} from places`,
    [
      packedBytes(predicted.map(([id]) => id)),
      numberArray(predicted.map(([, { periodIndex }]) => periodIndex)),
      numberArray(predicted.map(([, { amountMicros }]) => amountMicros)),
    ],
  );
  if (charged === undefined) throw new Error("an aggregate returned no row");
  return charged;
}

/**
 * Whether allowances could pay nothing before the charges, which the accounts' locks keep true.
 * Hardly any batch passes over one: without, no statement is sent.
 */
async function areAllDepleted(
  tx: Sql,
  allowances: readonly Allowance[],
  now: Date,
): Promise<boolean> {
  if (allowances.length === 0) return true;
  // Plan: signed_allowances, allowance_usage and accounts by primary key. A campaign with periods is
  // taken for one that can pay, because its period is not known here.
  const [found] = await tx.query<{ count: bigint }>(
    `select count(*) as count
     from unnest($1::bytea[], $2::bigint[]) as passed (id, index)
       join signed_allowances l on l.id = passed.id
       join allowance_usage u on u.id = passed.id
       join accounts a on a.address = l.account
     where u.revoked_at is not null or a.counter <> l.counter
       or (u.period_index = index and u.limit_micros + u.carried_micros <= u.period_spent)
       or a.purchased - ${SPENT_BEFORE} - a.held - a.refunding - a.refunded <= 0
       or l.account_cap_micros - ${SPENT_BEFORE} - a.held <= 0
       or (l.by_contract is not false and a.recorded_cap - ${SPENT_BEFORE} - a.held <= 0)
       or exists (select from allowances c where c.id = l.campaign and (c.revoked_at is not null
         or (c.period_seconds = 0 and c.limit_micros + c.carried_micros <= c.period_spent)))`,
    [
      byteaArray(allowances.map(({ id }) => id)),
      numberArray(allowances.map(({ message }) => periodIndexAt(message, now))),
    ],
  );
  return Number(found?.count ?? 0n) === allowances.length;
}

/** SQL: what the account had spent before this transaction charged it. */
const SPENT_BEFORE = "(a.spent - a.spent_ahead)";

type AllowanceState = Pick<Allowance, "revokedAt" | "usage">;

async function readAllowanceStates(
  tx: Sql,
  ids: readonly Hex[],
): Promise<ReadonlyMap<Hex, AllowanceState>> {
  if (ids.length === 0) return new Map();
  // Plan: allowance_usage by primary key.
  const records = await tx.query<AllowanceUsage & { id: Hex; revokedAt: Date | null }>(
    `select id, revoked_at as "revokedAt", period_index as "periodIndex",
       carried_micros as "carriedMicros", period_spent as "periodSpentMicros",
       spent as "spentMicros"
     from unnest($1::bytea[]) as wanted (id) join allowance_usage using (id)`,
    [byteaArray(ids)],
  );
  return new Map(records.map(({ id, revokedAt, ...usage }) => [id, { revokedAt, usage }]));
}
