import type { Address, Hex } from "viem";

import { toRates } from "@compute-credits/rules/pricing/rateJson";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import { tierUseKey } from "@compute-credits/rules/pricing/priceDraft";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { AuditState } from "../replay/auditState.ts";
import {
  StoredAllowance,
  Step,
  StoredEvent,
  StoredHold,
  Use,
} from "@compute-credits/rules/log/storedJson";
import type { Subjects } from "./subjects.ts";

/** Steps as far back as anything new can be priced: the oldest event is a month or so old. */
const REMEMBERED_DAYS = 60;

/** AuditState that know every card, and the multipliers of late; all else is loaded as the log comes to it. */
export async function openState(sql: Sql): Promise<AuditState> {
  const auditState = new AuditState();
  const cards = await sql.query<{
    version: number;
    provider: Address | null;
    effective_from: Date;
    rates: unknown;
    created_at: Date;
  }>("select version, provider, effective_from, rates, created_at from cards order by version");
  auditState.knowCards(
    cards.map(({ version, provider, effective_from: effectiveFrom, rates, created_at }) => ({
      card: { version, provider, effectiveFrom, rates: toRates(rates) },
      createdAt: created_at,
    })),
  );
  const steps = await sql.query<{ name: string; body: unknown }>(
    `select name, body from (
       select name, step, body from steps where effective_from > clock_timestamp() - make_interval(days => $1::integer)
       union all (
       select distinct on (name) name, step, body from steps
       where effective_from <= clock_timestamp() - make_interval(days => $1::integer) order by name, step desc)) as late
     order by name, step`,
    [REMEMBERED_DAYS],
  );
  for (const [name, ofRate] of Map.groupBy(steps, (step) => step.name)) {
    auditState.steps.set(
      name,
      ofRate.map(({ body }) => Step.parse(body)),
    );
  }
  const [position] = await sql.query<{ applied_block: bigint }>(
    "select applied_block from position",
  );
  auditState.appliedBlock = position?.applied_block ?? 0n;
  return auditState;
}

/** Loads what is known of all that a stretch of the log is about, where the auditState do not have it yet. */
export async function loadSubjects(
  sql: Sql,
  auditState: AuditState,
  subjects: Subjects,
): Promise<void> {
  const { events, holds, access, spenders, allowances, parties } = subjects;
  await loadNamed(sql, "events", missing(events, auditState.events), (name, body) =>
    auditState.events.set(name, StoredEvent.parse(body)),
  );
  await loadNamed(sql, "holds", missing(holds, auditState.holds), (name, body) =>
    auditState.holds.set(name, StoredHold.parse(body)),
  );
  const records = await sql.query<{ name: string; created_at: Date; ended: boolean }>(
    "select name, created_at, ended from access where name = any($1::text[])",
    [textArray(missing(access, auditState.access))],
  );
  for (const { name, created_at: createdAt, ended } of records) {
    auditState.access.set(name, { createdAt, ended });
  }

  for (const name of events) {
    for (const charge of auditState.events.get(name)?.charges ?? []) {
      allowances.add(charge.allowance);
      parties.add(charge.account);
    }
  }
  for (const name of holds) {
    for (const part of auditState.holds.get(name)?.parts ?? []) {
      allowances.add(part.allowance);
      parties.add(part.account);
    }
  }
  await loadAllowances(sql, auditState, spenders, allowances);
  // Grants and what they were granted out of, which may have no spender in this stretch.
  const campaigns = [
    ...allowances,
    ...[...spenders].flatMap((s) => auditState.ofSpender(s).map(({ id }) => id)),
  ].flatMap((id) => auditState.allowances.get(id)?.campaign ?? []);
  await loadAllowances(sql, auditState, new Set(), new Set(campaigns));
  for (const id of allowances) {
    const account = auditState.allowances.get(id)?.message.account;
    if (account !== undefined) parties.add(account);
  }
  for (const spender of spenders) {
    for (const { message } of auditState.ofSpender(spender)) parties.add(message.account);
  }
  const unknown = missing(parties, auditState.parties);
  await loadParties(sql, auditState, unknown);
  await loadTiers(sql, auditState, unknown);
  await loadReceipts(sql, auditState, unknown);
}

function missing<Key>(wanted: ReadonlySet<Key>, known: { has(key: Key): boolean }): Key[] {
  return [...wanted].filter((key) => !known.has(key));
}

async function loadNamed(
  sql: Sql,
  table: "events" | "holds",
  names: readonly string[],
  take: (name: string, body: unknown) => void,
): Promise<void> {
  if (names.length === 0) return;
  const records = await sql.query<{ name: string; body: unknown }>(
    `select name, body from ${table} where name = any($1::text[])`,
    [textArray(names)],
  );
  for (const { name, body } of records) take(name, body);
}

async function loadAllowances(
  sql: Sql,
  auditState: AuditState,
  spenders: ReadonlySet<Hex>,
  ids: ReadonlySet<Hex>,
): Promise<void> {
  const unknownSpenders = [...spenders].filter(
    (spender) => !auditState.loadedSpenders.has(spender),
  );
  const records = await sql.query<{
    body: unknown;
    is_signed: boolean;
    revoked: boolean;
    period_index: bigint;
    carried: bigint;
    period_spent: bigint;
    spent: bigint;
  }>(
    `select body, is_signed, revoked, period_index, carried, period_spent, spent from allowances
     where spender = any($1::bytea[])
     union
     select body, is_signed, revoked, period_index, carried, period_spent, spent from allowances
     where id = any($2::bytea[])`,
    [byteaArray(unknownSpenders), byteaArray(missing(ids, auditState.allowances))],
  );
  for (const record of records) {
    const signed = StoredAllowance.parse(record.body);
    // What is in the auditState is newer than what is stored.
    if (auditState.allowances.has(signed.id)) continue;
    auditState.knowAllowance({
      ...signed,
      isSigned: record.is_signed,
      revokedAt: record.revoked ? new Date(0) : null,
      usage: {
        periodIndex: record.period_index,
        carriedMicros: record.carried,
        periodSpentMicros: record.period_spent,
        spentMicros: record.spent,
      },
    });
  }
  for (const spender of unknownSpenders) auditState.loadedSpenders.add(spender);
}

async function loadParties(
  sql: Sql,
  auditState: AuditState,
  addresses: readonly Address[],
): Promise<void> {
  const records = await sql.query<{
    address: Address;
    purchased: bigint;
    spent: bigint;
    held: bigint;
    refunding: bigint;
    refund_waiting: bigint;
    refunded: bigint;
    counter: bigint;
    earned: bigint;
    place: bigint | null;
  }>(
    `select address, purchased, spent, held, refunding, refund_waiting, refunded, counter, earned, place
     from parties where address = any($1::bytea[])`,
    [byteaArray(addresses)],
  );
  for (const { refund_waiting: refundWaiting, ...party } of records) {
    auditState.parties.set(party.address, { ...party, refundWaiting });
  }
  for (const address of addresses) {
    if (!auditState.parties.has(address))
      auditState.parties.set(address, auditState.party(address));
  }
}

async function loadReceipts(
  sql: Sql,
  auditState: AuditState,
  providers: readonly Address[],
): Promise<void> {
  const records = await sql.query<{
    provider: Address;
    earned: bigint;
    epoch: bigint;
    given_at: Date;
  }>("select provider, earned, epoch, given_at from receipts where provider = any($1::bytea[])", [
    byteaArray(providers),
  ]);
  for (const { provider, earned, epoch, given_at: at } of records) {
    auditState.receipts.set(provider, { earned, epoch, at });
  }
}

/** What these accounts used of tiered rates. */
async function loadTiers(
  sql: Sql,
  auditState: AuditState,
  accounts: readonly Address[],
): Promise<void> {
  const records = await sql.query<{ use: unknown; units: bigint }>(
    "select use, units from tiers where account = any($1::text[])",
    [textArray(accounts)],
  );
  for (const { use: stored, units } of records) {
    const use = Use.parse(stored);
    auditState.tiers.set(tierUseKey(use), { use, units });
  }
}
