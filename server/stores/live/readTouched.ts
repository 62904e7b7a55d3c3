import type { Address, Hex } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray } from "@compute-credits/platform/postgres/values";
import { budgetUse } from "@compute-credits/rules/insight/budgetUse";
import { readClock } from "@compute-credits/platform/postgres/clock";
import { type AccountRecord, toAccount } from "../accounts/accountRecord.ts";
import {
  ALLOWANCE_COLUMNS_OF_L,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import type { LiveAccount, LiveBudget, LiveHold } from "./liveFeed.ts";
import { bytesOf, inWindowSql, isAmong } from "./windowSql.ts";

/** The last log order that changed a thing. */
export type Touches<Key> = ReadonlyMap<Key, bigint>;

interface HoldRecord {
  readonly log_order: bigint;
  readonly provider: Address;
  readonly hold_id: string;
  readonly spender: Hex;
  readonly resolved_as: LiveHold["resolvedAs"];
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly resolved_at: Date | null;
  readonly part_accounts: readonly Address[];
  readonly part_allowances: readonly Hex[];
  readonly part_micros: readonly bigint[];
}

/**
 * Reads the holds that were opened, captured from, changed or ended, as they are now. A hold is
 * listed once, with the last log order that changed it. Plan: block ranges of each table, then
 * holds and hold_parts by primary key.
 */
const HOLDS = `with touched as (
    select provider, hold_id, max(log_order) as log_order from (
      select h.provider, h.hold_id, h.log_order from holds h where ${inWindowSql("h")}
      union all
      select d.provider, c.hold_id, d.log_order from debits d join captures c
        on c.provider = d.provider and c.event_id = d.event_id where ${inWindowSql("d")}
      union all
      select ${bytesOf("provider")}, n.body->>'id', n.log_order from log_notes n
        where n.kind like 'hold\\_%' and ${inWindowSql("n")}) entries
    group by provider, hold_id)
  select t.log_order, h.provider, h.hold_id, h.spender, h.resolved_as, h.created_at, h.expires_at,
    h.resolved_at, p.part_accounts, p.part_allowances, p.part_micros
  from touched t join holds h on h.provider = t.provider and h.hold_id = t.hold_id
    cross join lateral (
      select coalesce(array_agg(account order by part), '{}') as part_accounts,
        coalesce(array_agg(allowance order by part), '{}') as part_allowances,
        coalesce(array_agg(held_micros order by part), '{}') as part_micros,
        coalesce(bool_or(${isAmong("account", "$4")}), false) as is_accounts
      from hold_payers
        where provider = h.provider and hold_id = h.hold_id and account is not null) p
  where p.is_accounts or ${isAmong("h.provider", "$5")} or ${isAmong("h.spender", "$6")}
  order by t.log_order limit $7`;

export async function readHolds(tx: Sql, values: readonly unknown[]): Promise<LiveHold[]> {
  const records = await tx.query<HoldRecord>(HOLDS, values);
  return records.map((record) => ({
    order: record.log_order,
    provider: record.provider,
    holdId: record.hold_id,
    spender: record.spender,
    resolvedAs: record.resolved_as,
    createdAt: record.created_at,
    expiresAt: record.expires_at,
    endedAt: record.resolved_at,
    parts: record.part_accounts.map((account, index) => ({
      account,
      allowance: record.part_allowances[index] ?? "0x",
      heldMicros: record.part_micros[index] ?? 0n,
    })),
  }));
}

/**
 * A transaction takes its log orders while it runs. In the seconds that any may take, all others
 * take fewer than this.
 */
const ORDERS_OF_SLOWEST = 100_000n;

/**
 * Allowances that began to count or were revoked. Debits, voids and holds touch others. Plan:
 * allowances_by_log_order; the index has no transactions.
 */
const ALLOWANCES = `select max(log_order) as "order", allowance from (
    select s.id as allowance, s.log_order from signed_allowances s
      where s.log_order > $7 and ${inWindowSql("s")} and (${isAmong("s.account", "$4")} or ${isAmong("s.spender", "$5")})
    union all
    select s.id, n.log_order from log_notes n join signed_allowances s
      on s.id = ${bytesOf("allowance")}
      where n.kind = 'revocation' and ${inWindowSql("n")}
        and (${isAmong("s.account", "$4")} or ${isAmong("s.spender", "$5")})
    union all
    select s.id, n.log_order from log_notes n join signed_allowances s
      on s.account = ${bytesOf("account")} and s.spender = ${bytesOf("spender")}
      where n.kind = 'acceptance' and ${inWindowSql("n")}
        and (${isAmong("s.account", "$4")} or ${isAmong("s.spender", "$5")})) entries
  group by allowance order by "order" limit $6`;

export async function readAllowances(
  tx: Sql,
  values: readonly unknown[],
  orderThen: bigint,
): Promise<readonly { readonly order: bigint; readonly allowance: Hex }[]> {
  return await tx.query(ALLOWANCES, [...values, orderThen - ORDERS_OF_SLOWEST]);
}

type BudgetRecord = AllowanceRecord & {
  readonly campaign_revoked_at: Date | null;
  readonly counts: boolean;
  readonly current_counter: bigint | null;
};

/**
 * Reads the use of these allowances, and of the campaigns of those that are grants: what a grant
 * pays counts there too. Plan: allowances and accounts by primary key.
 */
export async function readBudgets(tx: Sql, touches: Touches<Hex>): Promise<LiveBudget[]> {
  if (touches.size === 0) return [];
  const now = await readClock(tx);
  const records = await tx.query<BudgetRecord>(
    `select ${ALLOWANCE_COLUMNS_OF_L}, l.accepted or l.issued_count > 0 as counts,
       (select c.revoked_at from allowances c where c.id = l.campaign) as campaign_revoked_at,
       (select a.counter from accounts a where a.address = l.account) as current_counter
     from (select unnest($1::bytea[]) as id union
       select campaign from signed_allowances where id = any($1::bytea[]) and campaign is not null
     ) touched join allowances l on l.id = touched.id`,
    [byteaArray([...touches.keys()])],
  );
  const orders = new Map(touches);
  for (const { id, campaign } of records) {
    const order = touches.get(id);
    const before = campaign === null ? undefined : (orders.get(campaign) ?? 0n);
    if (campaign !== null && order !== undefined && before !== undefined && order > before) {
      orders.set(campaign, order);
    }
  }
  return records.map((record) => {
    const revoked_at = record.revoked_at ?? record.campaign_revoked_at;
    const allowance = toAllowance({ ...record, revoked_at });
    const { exhaustion: _, ...use } = budgetUse(allowance, {
      now,
      counter: record.current_counter ?? 0n,
      spent24hMicros: 0n,
      accepted: record.counts,
    });
    return {
      ...use,
      order: orders.get(allowance.id) ?? 0n,
      account: record.account,
      allowance: record.id,
      spender: record.spender,
      campaign: record.campaign,
    };
  });
}

/**
 * The accounts of $4 whose credits moved. What the ledger read from the chain may have moved any of
 * them: such notes do not name their accounts.
 */
const MOVED = `select address from unnest($4::bytea[]) asked (address) where address in (
    select d.account from debits d where ${inWindowSql("d")}
    union all
    select p.account from holds h join hold_payers p
      on p.provider = h.provider and p.hold_id = h.hold_id where ${inWindowSql("h")}
    union all
    select p.account from log_notes n join hold_payers p
      on p.provider = ${bytesOf("provider")} and p.hold_id = n.body->>'id'
      where n.kind like 'hold\\_%' and ${inWindowSql("n")}
    union all
    select d.account from voids v join debits d
      on d.provider = v.provider and d.event_id = v.event_id where ${inWindowSql("v")}
    union all
    select moved.address from log_notes n
      cross join lateral (values (${bytesOf("account")}), (${bytesOf("payer")})) moved (address)
      where n.kind in ('refund', 'write_off') and moved.address is not null
        and ${inWindowSql("n")})
  or exists (select from log_notes n
    where n.kind in ('blocks', 'missed_events') and ${inWindowSql("n")})`;

/** Reads the accounts whose credits a window moved, as they are now. */
export async function readMovedAccounts(
  tx: Sql,
  window: readonly unknown[],
  addresses: readonly Address[],
): Promise<LiveAccount[]> {
  if (addresses.length === 0) return [];
  const moved = await tx.query<{ address: Address }>(MOVED, [...window, byteaArray(addresses)]);
  return await readAccounts(
    tx,
    moved.map(({ address }) => address),
  );
}

interface LiveAccountRecord extends AccountRecord {
  readonly paid: bigint;
  readonly requested_micros: bigint | null;
  readonly requested_at: Date | null;
}

/** Plan: accounts, settlements and refund_requests_of_account by key. */
export async function readAccounts(tx: Sql, addresses: readonly Address[]): Promise<LiveAccount[]> {
  if (addresses.length === 0) return [];
  const records = await tx.query<LiveAccountRecord>(
    `select given.address, coalesce(purchased, 0) as purchased, coalesce(a.spent, 0) as spent,
       coalesce(held, 0) as held, coalesce(refunding, 0) as refunding,
       coalesce(refund_waiting, 0) as "refundWaiting", coalesce(a.refunded, 0) as refunded,
       coalesce(counter, 0) as counter, coalesce(recorded_cap, 0) as "recordedCap",
       coalesce(s.refunded, 0) as paid, r.requested_micros, r.requested_at
     from unnest($1::bytea[]) as given (address)
       left join accounts a on a.address = given.address
       left join settlements s on s.party = given.address and a.refunded > 0
       left join lateral (select requested_micros, requested_at from refund_requests
         where account = given.address
         order by block_number desc, log_index desc limit 1) r
         on a.refunding > 0 or a.refund_waiting > 0 or a.refunded > 0`,
    [byteaArray(addresses)],
  );
  return records.map((record) => ({
    ...toAccount(record),
    paid: record.paid,
    request:
      record.requested_micros === null
        ? null
        : { requestedMicros: record.requested_micros, requestedAt: record.requested_at },
  }));
}
