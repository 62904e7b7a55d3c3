import type { Address, Hex } from "viem";

import type {
  LogEntry,
  LogEntryOf,
  LogPosition,
  LoggedCharge,
} from "@compute-credits/rules/log/logEntry";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { LogCursor, LogPage, LogWindow, LoggedCut, UsageLog } from "./usageLog.ts";
import {
  ALLOWANCE_COLUMNS,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import {
  CHECKPOINT_COLUMNS,
  type CheckpointRecord,
  toCheckpoint,
} from "../checkpoints/postgresCheckpointStore.ts";
import { type StepRecord, toStep } from "../pricing/postgresMultiplierStore.ts";
import { noteEntry } from "../log/writeNotes.ts";
import { toPinnedRate, toPriceBasis } from "@compute-credits/rules/pricing/pinnedRateJson";
import { toRates } from "@compute-credits/rules/pricing/rateJson";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";

/** Every table with entries. */
const TABLES = [
  "debits",
  "holds",
  "voids",
  "signed_allowances",
  "provider_access",
  "rate_cards",
  "multiplier_steps",
  "log_notes",
] as const;

/** A snapshot that sees nothing. */
const BEGINNING = "1:1:";

/**
 * The orders of a page, within the window. `$1` since, `$2` up to, `$3` and `$4` the page's first order and the one after
 * its last. Every order is given once, so a page of n orders has at most n entries, whatever tables they are in.
 */
const IN_PAGE = `log_order >= $3 and log_order < $4
  and pg_visible_in_snapshot(transaction_id::text::xid8, $2::pg_snapshot)
  and not pg_visible_in_snapshot(transaction_id::text::xid8, $1::pg_snapshot)`;

const PLACE = "log_order, transaction_id";

export function createUsageLog(database: Database): UsageLog {
  return {
    page: (window, after, limit) =>
      // One moment throughout: what is "now" for the first table is so for the last.
      database.transaction((tx) => readPage(tx, window, after, limit), {
        isolation: "repeatable read",
      }),

    async cuts(after, limit) {
      const records = await database.query<CheckpointRecord & { snapshot: string | null }>(
        `select ${CHECKPOINT_COLUMNS}, snapshot from checkpoints where id > $1 order by id limit $2`,
        [after, limit],
      );
      return records.map((record): LoggedCut => ({
        checkpoint: toCheckpoint(record),
        snapshot: record.snapshot,
      }));
    },
  };
}

async function readPage(
  tx: Sql,
  window: LogWindow,
  after: LogCursor | null,
  limit: number,
): Promise<LogPage> {
  const since = window.since ?? BEGINNING;
  const upTo = window.upTo ?? (await currentSnapshot(tx));
  const cursor = after ?? (await ordersOf(tx, since, upTo));
  if (cursor === null) return { entries: [], upTo, next: null };

  const end = cursor.order + BigInt(limit);
  const values = [since, upTo, cursor.order, end];
  const entries = [
    ...(await readDebits(tx, values)),
    ...(await readHolds(tx, values)),
    ...(await readVoids(tx, values)),
    ...(await readAllowances(tx, values)),
    ...(await readAccess(tx, values)),
    ...(await readCards(tx, values)),
    ...(await readSteps(tx, values)),
    ...(await readNotes(tx, values)),
  ].toSorted((a, b) => (a.order < b.order ? -1 : 1));
  return { entries, upTo, next: end > cursor.last ? null : { order: end, last: cursor.last } };
}

async function currentSnapshot(tx: Sql): Promise<string> {
  const [found] = await tx.query<{ snapshot: string }>(
    "select pg_current_snapshot()::text as snapshot",
  );
  if (found === undefined) throw new Error("the database has no snapshot");
  return found.snapshot;
}

/** The first and the last order of a window; `null` where nothing is in it. */
async function ordersOf(tx: Sql, since: string, upTo: string): Promise<LogCursor | null> {
  // debits_by_log_order and its like: only the pages that were written since. A transaction that `since` did not see has
  // at least its xmin.
  const parts = TABLES.map(
    (table) => `select min(log_order) as first, max(log_order) as last from ${table}
      where transaction_id >= (select pg_snapshot_xmin($1::pg_snapshot)::text::bigint)
        and transaction_id < (select pg_snapshot_xmax($2::pg_snapshot)::text::bigint)
        and pg_visible_in_snapshot(transaction_id::text::xid8, $2::pg_snapshot)
        and not pg_visible_in_snapshot(transaction_id::text::xid8, $1::pg_snapshot)`,
  );
  const [found] = await tx.query<{ first: bigint | null; last: bigint | null }>(
    `select min(first) as first, max(last) as last from (${parts.join(" union all ")}) as tables`,
    [since, upTo],
  );
  if (found?.first == null || found.last === null) return null;
  return { order: found.first, last: found.last };
}

interface PlaceRecord {
  readonly log_order: bigint;
  readonly transaction_id: bigint;
}

function placeOf(record: PlaceRecord): LogPosition {
  return { order: record.log_order, transaction: record.transaction_id };
}

interface ChargeRecord extends LoggedCharge {
  readonly provider: Address;
  readonly event_id: string;
}

interface DebitRecord extends PlaceRecord, ChargeRecord {
  readonly spender: Hex;
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimensions: Record<string, string>;
  readonly occurred_at: Date;
  readonly recorded_at: Date;
  readonly rate_card: number;
  readonly price_basis: unknown;
  readonly hold_id: string | null;
}

const CHARGE = `provider, event_id, account, allowance, amount_micros as "amountMicros", fee_micros as "feeMicros"`;

/** An event stands where its first part does; the other parts, of the same transaction, come with it. */
async function readDebits(tx: Sql, values: unknown[]): Promise<LogEntryOf<"debit">[]> {
  const firsts = await tx.query<DebitRecord>(
    `select ${PLACE}, ${CHARGE}, spender, meter, quantity, dimensions, occurred_at, recorded_at, rate_card, price_basis,
       hold_id
     from debits left join captures using (provider, event_id) where part = 0 and ${IN_PAGE}`,
    values,
  );
  // debits by primary key
  const others = await tx.query<ChargeRecord>(
    `select ${CHARGE} from debits join unnest($1::bytea[], $2::text[]) as first (provider, event_id) using (provider, event_id)
     where part > 0 order by part`,
    [
      byteaArray(firsts.map(({ provider }) => provider)),
      textArray(firsts.map(({ event_id: id }) => id)),
    ],
  );
  const more = Map.groupBy(others, ({ provider, event_id: id }) => `${provider}/${id}`);
  return firsts.map((record) => ({
    ...placeOf(record),
    kind: "debit",
    provider: record.provider,
    id: record.event_id,
    spender: record.spender,
    meter: record.meter,
    quantity: record.quantity,
    dimensions: record.dimensions,
    occurredAt: record.occurred_at,
    recordedAt: record.recorded_at,
    rateCardVersion: record.rate_card,
    priceBasis: toPriceBasis(record.price_basis),
    holdId: record.hold_id,
    charges: [record, ...(more.get(`${record.provider}/${record.event_id}`) ?? [])].map(toCharge),
  }));
}

function toCharge({ account, allowance, amountMicros, feeMicros }: LoggedCharge): LoggedCharge {
  return { account, allowance, amountMicros, feeMicros };
}

interface HoldRecord extends PlaceRecord {
  readonly provider: Address;
  readonly hold_id: string;
  readonly spender: Hex;
  readonly meter: string;
  readonly dimensions: Record<string, string>;
  readonly quantity: bigint;
  readonly rate: unknown;
  readonly allowances: readonly Hex[] | null;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly quote_expires_at: Date | null;
}

async function readHolds(tx: Sql, values: unknown[]): Promise<LogEntryOf<"hold">[]> {
  const records = await tx.query<HoldRecord>(
    `select ${PLACE}, provider, hold_id, spender, meter, dimensions, quantity, rate, created_at, expires_at, quote_expires_at,
       (select array_agg(allowance order by part) from hold_parts p
        where p.provider = holds.provider and p.hold_id = holds.hold_id) as allowances
     from holds where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({
    ...placeOf(record),
    kind: "hold",
    provider: record.provider,
    id: record.hold_id,
    spender: record.spender,
    meter: record.meter,
    dimensions: record.dimensions,
    quantity: record.quantity,
    rate: toPinnedRate(record.rate),
    allowances: record.allowances ?? [],
    createdAt: record.created_at,
    expiresAt: record.expires_at,
    quoteExpiresAt: record.quote_expires_at,
  }));
}

interface VoidRecord extends PlaceRecord {
  readonly provider: Address;
  readonly event_id: string;
  readonly amount_micros: bigint;
  readonly voided_at: Date;
}

async function readVoids(tx: Sql, values: unknown[]): Promise<LogEntryOf<"void">[]> {
  const records = await tx.query<VoidRecord>(
    `select ${PLACE}, provider, event_id, amount_micros, voided_at from voids where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({
    ...placeOf(record),
    kind: "void",
    provider: record.provider,
    id: record.event_id,
    amountMicros: record.amount_micros,
    at: record.voided_at,
  }));
}

async function readAllowances(
  tx: Sql,
  values: unknown[],
): Promise<LogEntryOf<"allowance" | "grant">[]> {
  const records = await tx.query<AllowanceRecord & PlaceRecord & { grant_key: string }>(
    `select ${PLACE}, ${ALLOWANCE_COLUMNS}, grant_key from allowances where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => {
    const { id, message, scope, signature, campaign, createdAt } = toAllowance(record);
    const said = { ...placeOf(record), id, message, scope, createdAt };
    return campaign === null
      ? { ...said, kind: "allowance", signature }
      : { ...said, kind: "grant", campaign, key: record.grant_key };
  });
}

interface AccessRecord extends PlaceRecord {
  readonly spender: Hex;
  readonly provider: Address;
  readonly signature: Hex | null;
  readonly created_at: Date;
}

async function readAccess(tx: Sql, values: unknown[]): Promise<LogEntryOf<"access">[]> {
  const records = await tx.query<AccessRecord>(
    `select ${PLACE}, spender, provider, signature, created_at from provider_access where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({
    ...placeOf(record),
    kind: "access",
    spender: record.spender,
    provider: record.provider,
    signature: record.signature,
    createdAt: record.created_at,
  }));
}

interface CardRecord extends PlaceRecord {
  readonly version: number;
  readonly provider: Address | null;
  readonly effective_from: Date;
  readonly card: unknown;
  readonly created_at: Date;
}

async function readCards(tx: Sql, values: unknown[]): Promise<LogEntryOf<"card">[]> {
  const records = await tx.query<CardRecord>(
    `select ${PLACE}, version, provider, effective_from, card, created_at from rate_cards where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({
    ...placeOf(record),
    kind: "card",
    card: {
      version: record.version,
      provider: record.provider,
      effectiveFrom: record.effective_from,
      rates: toRates(record.card),
    },
    createdAt: record.created_at,
  }));
}

async function readSteps(tx: Sql, values: unknown[]): Promise<LogEntryOf<"multiplier">[]> {
  const records = await tx.query<
    StepRecord & PlaceRecord & { provider: Address; rate_key: string }
  >(
    `select ${PLACE}, provider, rate_key, step, effective_from, utilisation_bps, before_bps, after_bps, rate_card
     from multiplier_steps where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({
    ...placeOf(record),
    kind: "multiplier",
    provider: record.provider,
    rateKey: record.rate_key,
    step: toStep(record),
  }));
}

async function readNotes(tx: Sql, values: unknown[]): Promise<LogEntry[]> {
  const records = await tx.query<PlaceRecord & { kind: string; body: unknown }>(
    `select ${PLACE}, kind, body from log_notes where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({ ...placeOf(record), ...noteEntry(record.kind, record.body) }));
}
