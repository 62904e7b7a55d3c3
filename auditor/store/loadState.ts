import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { toRates } from "@compute-credits/rules/pricing/rateJson";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import { partsOf } from "@compute-credits/rules/holds/hold";
import { tierUsesOf } from "@compute-credits/rules/pricing/tierUnits";
import { tierUseKey } from "@compute-credits/rules/pricing/priceDraft";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { type AuditedAcceptance, AuditState, SpenderPairs } from "../replay/auditState.ts";
import {
  StoredAllowance,
  Step,
  StoredHold,
  StoredIssuingKey,
  Use,
} from "@compute-credits/rules/log/storedJson";
import { loadEvents } from "./eventStore.ts";
import { loadRules } from "./ruleStore.ts";
import { pairName, pairOf } from "./pairName.ts";
import type { Subjects } from "./subjects.ts";

/** Days of multiplier steps to load. New events are at most about a month old. */
const STEP_DAYS = 60;

/**
 * Loads all cards and recent multiplier steps into a state, which is new or `forgetCut` was called
 * on. `loadSubjects` adds the rest by page.
 */
export async function loadState(sql: Sql, state = new AuditState()): Promise<AuditState> {
  const cards = await sql.query<{
    version: number;
    provider: Address | null;
    effective_from: Date;
    rates: unknown;
    created_at: Date;
  }>("select version, provider, effective_from, rates, created_at from cards order by version");
  state.loadCards(
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
    [STEP_DAYS],
  );
  for (const [name, ofRate] of Map.groupBy(steps, (step) => step.name)) {
    state.steps.set(
      name,
      ofRate.map(({ body }) => Step.parse(body)),
    );
  }
  const [position] = await sql.query<{ applied_block: bigint; has_own_prices: boolean }>(
    "select applied_block, has_own_prices from position",
  );
  const [found] = await sql.query<{ any: boolean }>(
    "select exists (select from acceptances where not is_implied) as any",
  );
  state.hasAcceptances = found?.any ?? false;
  state.appliedBlock = position?.applied_block ?? 0n;
  state.hasOwnPrices = position?.has_own_prices ?? false;
  return state;
}

/** The cut that is replayed, and which cuts before it count. */
interface Cuts {
  readonly cut: bigint;
  readonly counts: (cut: bigint) => boolean;
}

/** Loads the stored records of a page's subjects that are not in the state yet. */
export async function loadSubjects(
  sql: Sql,
  state: AuditState,
  { subjects, ...cuts }: { readonly subjects: Subjects } & Cuts,
): Promise<void> {
  const { events, holds, access, issuers, acceptances, spenders, allowances, parties } = subjects;
  await loadEvents(sql, state, missing(events, state.events));
  await loadHolds(sql, state, missing(holds, state.holds));
  await loadAccess(sql, state, access);
  await loadIssuingKeys(sql, state, missing(issuers, state.issuingKeys));
  await loadRules(sql, state, subjects);
  await loadAcceptances(sql, state, acceptances);

  for (const name of events) {
    for (const { use } of state.events.get(name)?.tierUnits ?? []) parties.add(use.account);
    for (const charge of state.events.get(name)?.charges ?? []) {
      allowances.add(charge.allowance);
      parties.add(charge.account);
    }
  }
  for (const name of holds) {
    const hold = state.holds.get(name);
    if (hold === undefined) continue;
    for (const use of hold.lots.flatMap(({ rate }) => tierUsesOf(rate))) parties.add(use.account);
    for (const part of partsOf(hold)) {
      allowances.add(part.allowance);
      parties.add(part.account);
    }
    // An extension may add what other allowances of the spender pay.
    spenders.add(hold.spender);
    access.add(hold.spender, hold.provider);
  }
  await loadAllowances(sql, state, spenders, allowances);
  // The campaigns of grants, whose own spenders may not occur on this page.
  const campaigns = [
    ...allowances,
    ...[...spenders].flatMap((s) => state.ofSpender(s).map(({ id }) => id)),
  ].flatMap((id) => state.allowances.get(id)?.campaign ?? []);
  await loadAllowances(sql, state, new Set(), new Set(campaigns));
  const accepted = new SpenderPairs();
  for (const id of allowances) {
    const message = state.allowances.get(id)?.message;
    if (message !== undefined) accepted.add(message.spender, message.account);
  }
  for (const spender of spenders) {
    for (const { message } of state.ofSpender(spender)) accepted.add(spender, message.account);
  }
  await loadAcceptances(sql, state, accepted);
  for (const id of allowances) {
    const account = state.allowances.get(id)?.message.account;
    if (account !== undefined) parties.add(account);
  }
  for (const spender of spenders) {
    for (const { message } of state.ofSpender(spender)) parties.add(message.account);
  }
  const unknown = missing(parties, state.parties);
  if (unknown.length > 0) {
    await loadParties(sql, state, unknown, cuts);
    await loadTiers(sql, state, unknown);
    await loadReceipts(sql, state, unknown);
  }
  for (const spender of spenders) state.settledSpenders.add(spender);
}

/** The wanted keys that are not loaded yet. */
function missing<Key>(wanted: ReadonlySet<Key>, known: { has(key: Key): boolean }): Key[] {
  return [...wanted].filter((key) => !known.has(key));
}

/** The names of the wanted pairs that are not loaded yet. */
function missingPairs(
  wanted: SpenderPairs,
  known: { has(spender: SpenderId, other: Address): boolean },
): string[] {
  const names: string[] = [];
  for (const pair of wanted.values()) {
    if (!known.has(pair.spender, pair.other)) names.push(pairName(pair));
  }
  return names;
}

async function loadHolds(sql: Sql, state: AuditState, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const records = await sql.query<{ name: string; body: unknown }>(
    "select name, body from holds where name = any($1::text[])",
    [textArray(names)],
  );
  for (const { name, body } of records) state.holds.set(name, StoredHold.parse(body));
}

async function loadAccess(sql: Sql, state: AuditState, pairs: SpenderPairs): Promise<void> {
  const names = missingPairs(pairs, state.access);
  if (names.length === 0) return;
  const records = await sql.query<{ name: string; created_at: Date; ended: boolean }>(
    "select name, created_at, ended from access where name = any($1::text[])",
    [textArray(names)],
  );
  for (const { name, created_at: createdAt, ended } of records) {
    state.access.set(...pairOf(name), { createdAt, ended });
  }
}

async function loadIssuingKeys(sql: Sql, state: AuditState, hashes: readonly Hex[]): Promise<void> {
  if (hashes.length === 0) return;
  const records = await sql.query<{ key_hash: Hex; body: unknown }>(
    "select key_hash, body from issuing_keys where key_hash = any($1::bytea[])",
    [byteaArray(hashes)],
  );
  for (const { key_hash: keyHash, body } of records) {
    state.issuingKeys.set(keyHash, StoredIssuingKey.parse(body));
  }
}

async function loadAcceptances(sql: Sql, state: AuditState, pairs: SpenderPairs): Promise<void> {
  const names = missingPairs(pairs, state.acceptances);
  if (names.length === 0) return;
  const records = await sql.query<AuditedAcceptance & { readonly name: string }>(
    `select name, accepted, changed_at as "changedAt", signed_at as "signedAt",
       is_implied as "isImplied"
     from acceptances where name = any($1::text[])`,
    [textArray(names)],
  );
  for (const { name, ...acceptance } of records) state.acceptances.set(...pairOf(name), acceptance);
}

/** Loads all allowances of these spenders, and those with these ids. */
async function loadAllowances(
  sql: Sql,
  state: AuditState,
  spenders: ReadonlySet<Hex>,
  ids: ReadonlySet<Hex>,
): Promise<void> {
  const unknownSpenders = [...spenders].filter((spender) => !state.loadedSpenders.has(spender));
  await loadAllowancesWhere(sql, state, "spender", unknownSpenders);
  for (const spender of unknownSpenders) state.loadedSpenders.add(spender);
  await loadAllowancesWhere(sql, state, "id", missing(ids, state.allowances));
}

async function loadAllowancesWhere(
  sql: Sql,
  state: AuditState,
  column: "spender" | "id",
  values: readonly Hex[],
): Promise<void> {
  if (values.length === 0) return;
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
     where ${column} = any($1::bytea[])`,
    [byteaArray(values)],
  );
  for (const record of records) {
    const signed = StoredAllowance.parse(record.body);
    // A loaded allowance is newer than the stored one.
    if (state.allowances.has(signed.id)) continue;
    state.loadAllowance({
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
}

async function loadParties(
  sql: Sql,
  state: AuditState,
  addresses: readonly Address[],
  { cut, counts }: Cuts,
): Promise<void> {
  await loadRecordedCaps(sql, state, addresses);
  const records = await sql.query<{
    address: Address;
    changed_in: bigint;
    final_spent: bigint;
    final_earned: bigint;
    first_use_at: Date | null;
    first_day_micros: bigint | null;
    firstPaidAt: Date | null;
    written_off_at: Date | null;
    purchased: bigint;
    spent: bigint;
    held: bigint;
    refunding: bigint;
    refund_waiting: bigint;
    refunded: bigint;
    counter: bigint;
    earned: bigint;
    place: bigint | null;
    requestedMicros: bigint | null;
    unspentMicros: bigint | null;
    refundedMicros: bigint | null;
  }>(
    `select address, purchased, spent, held, refunding, refund_waiting, refunded, counter, earned, place,
       changed_in, final_spent, final_earned, first_use_at, first_day_micros,
       first_paid_at as "firstPaidAt", written_off_at, requested_micros as "requestedMicros", unspent_micros as "unspentMicros",
       refunded_micros as "refundedMicros"
     from parties where address = any($1::bytea[])`,
    [byteaArray(addresses)],
  );
  for (const record of records) {
    const {
      refund_waiting: refundWaiting,
      changed_in: changedIn,
      final_spent: finalSpent,
      final_earned: finalEarned,
      first_use_at: firstUseAt,
      first_day_micros: dayMicros,
      written_off_at: writtenOffAt,
      ...rest
    } = record;
    const { requestedMicros, unspentMicros, refundedMicros, ...party } = rest;
    const request =
      requestedMicros === null || unspentMicros === null || refundedMicros === null
        ? null
        : { requestedMicros, unspentMicros, refundedMicros };
    state.parties.set(party.address, {
      ...party,
      recordedCap: state.recordedCap(party.address, party.counter),
      refundWaiting,
      request,
      writtenOffAt,
      // A change in an earlier cut that counts is in its table; one in a dropped cut is in none.
      ...(changedIn !== cut && counts(changedIn)
        ? { finalSpent: party.spent, finalEarned: party.earned }
        : { finalSpent, finalEarned }),
      firstUse: firstUseAt === null || dayMicros === null ? null : { at: firstUseAt, dayMicros },
    });
  }
  for (const address of addresses) {
    if (!state.parties.has(address)) state.parties.set(address, state.party(address));
  }
}

/** Loads the caps that the court has on record as of the last applied block. */
async function loadRecordedCaps(
  sql: Sql,
  state: AuditState,
  accounts: readonly Address[],
): Promise<void> {
  // Plan: chain_events_caps, once per account. A recorded cap only grows.
  const records = await sql.query<{ account: Address; counter: bigint; cap: bigint }>(
    `select body->>'account' as account, (body->>'counter')::numeric as counter,
       max((body->>'accountCapMicros')::numeric) as cap
     from chain_events
     where body->>'type' = 'cap_recorded' and body->>'account' = any($1::text[])
       and block_number <= $2
     group by 1, 2`,
    [textArray(accounts), state.appliedBlock],
  );
  for (const { account, counter, cap } of records) state.setRecordedCap(account, counter, cap);
}

async function loadReceipts(
  sql: Sql,
  state: AuditState,
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
    state.receipts.set(provider, { earned, epoch, at });
  }
}

/** Loads the tiered usage of these accounts. */
async function loadTiers(sql: Sql, state: AuditState, accounts: readonly Address[]): Promise<void> {
  const records = await sql.query<{ use: unknown; units: bigint }>(
    "select use, units from tiers where account = any($1::text[])",
    [textArray(accounts)],
  );
  for (const { use: stored, units } of records) {
    const use = Use.parse(stored);
    state.tiers.set(tierUseKey(use), { use, units });
  }
}
