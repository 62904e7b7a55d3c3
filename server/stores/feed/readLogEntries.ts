import type { Address, Hex } from "viem";

import { max, min } from "@compute-credits/protocol/amounts";
import type {
  LogEntry,
  LogEntryOf,
  LogPosition,
  LoggedCharge,
} from "@compute-credits/rules/log/logEntry";
import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  ALLOWANCE_COLUMNS,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { type StepRecord, toStep } from "../pricing/postgresMultiplierStore.ts";
import { parseNote } from "../log/writeNotes.ts";
import { toPinnedRate, toPriceBasis } from "@compute-credits/rules/pricing/pinnedRateJson";
import { toRates } from "@compute-credits/rules/pricing/rateJson";

/** Every table with log entries. */
export const LOG_TABLES = [
  "debits",
  "holds",
  "voids",
  "signed_allowances",
  "provider_access",
  "rate_cards",
  "multiplier_steps",
  "log_notes",
] as const;

/** PostgreSQL snapshots, as text, and a half-open range of log orders. */
export interface PageRange {
  /** entries that this snapshot sees are left out */
  readonly since: string;
  /** entries that this snapshot does not see are left out */
  readonly upTo: string;
  readonly firstOrder: bigint;
  /** exclusive */
  readonly endOrder: bigint;
}

/**
 * SQL: the entries of a page. Each log order is assigned once, so a range of n orders has at most n
 * entries in all tables.
 */
const IN_PAGE = `log_order >= $3 and log_order < $4
  and pg_visible_in_snapshot(transaction_id::text::xid8, $2::pg_snapshot)
  and not pg_visible_in_snapshot(transaction_id::text::xid8, $1::pg_snapshot)`;

const PLACE = "log_order, transaction_id";

/** Reads all entries of a page, in log order. */
export async function readLogEntries(
  tx: Sql,
  { since, upTo, firstOrder, endOrder }: PageRange,
): Promise<readonly LogEntry[]> {
  const values = [since, upTo, firstOrder, endOrder];
  return [
    ...(await readDebits(tx, values)),
    ...(await readHolds(tx, values)),
    ...(await readVoids(tx, values)),
    ...(await readAllowances(tx, values)),
    ...(await readAccess(tx, values)),
    ...(await readCards(tx, values)),
    ...(await readSteps(tx, values)),
    ...(await readNotes(tx, values)),
  ].toSorted((a, b) => (a.order < b.order ? -1 : 1));
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

const CHARGE = `provider, event_id, account, allowance, amount_micros as "amountMicros",
  fee_micros as "feeMicros"`;

/**
 * Reads debits. An event has the log place of its first part; its other parts, of the same
 * transaction, are attached to it.
 */
async function readDebits(tx: Sql, values: readonly unknown[]): Promise<LogEntryOf<"debit">[]> {
  // Plan: debits_by_log_order. Not `part = 0`: for that, the planner may read the whole primary key.
  const firsts = await tx.query<DebitRecord>(
    `select ${PLACE}, ${CHARGE}, spender, meter, quantity, dimensions, occurred_at, recorded_at,
       rate_card, price_basis, hold_id
     from debits left join captures using (provider, event_id) where part + 0 = 0 and ${IN_PAGE}`,
    values,
  );
  const more = await readOtherParts(tx, firsts);
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
    priceBasis: record.price_basis === null ? null : toPriceBasis(record.price_basis),
    holdId: record.hold_id,
    charges: [record, ...(more.get(`${record.provider}/${record.event_id}`) ?? [])].map(toCharge),
  }));
}

/** The parts after the first, by event. Few events have any. */
async function readOtherParts(
  tx: Sql,
  firsts: readonly PlaceRecord[],
): Promise<ReadonlyMap<string, readonly ChargeRecord[]>> {
  const [first] = firsts;
  if (first === undefined) return new Map();
  const transactions = firsts.map(({ transaction_id: transaction }) => transaction);
  // Plan: debits_by_log_order, by its second column: the transactions of one page are neighbours.
  const others = await tx.query<ChargeRecord>(
    `select ${CHARGE} from debits
     where part + 0 > 0 and transaction_id >= $1 and transaction_id <= $2 order by part`,
    [
      transactions.reduce(min, first.transaction_id),
      transactions.reduce(max, first.transaction_id),
    ],
  );
  return Map.groupBy(others, ({ provider, event_id: id }) => `${provider}/${id}`);
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

async function readHolds(tx: Sql, values: readonly unknown[]): Promise<LogEntryOf<"hold">[]> {
  const records = await tx.query<HoldRecord>(
    `select ${PLACE}, provider, hold_id, spender, meter, dimensions, quantity, rate, created_at,
       expires_at, quote_expires_at,
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

async function readVoids(tx: Sql, values: readonly unknown[]): Promise<LogEntryOf<"void">[]> {
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
  values: readonly unknown[],
): Promise<LogEntryOf<"allowance" | "grant">[]> {
  // Those that never counted have no place in the log.
  const records = await tx.query<
    AllowanceRecord &
      PlaceRecord & { grant_key: string; issuer: Hex | null; predates_acceptance: boolean }
  >(
    `select ${PLACE}, ${ALLOWANCE_COLUMNS}, grant_key, issuer, predates_acceptance
     from allowances where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => {
    const { id, message, scope, signature, campaign, createdAt } = toAllowance(record);
    const predatesAcceptance = record.predates_acceptance;
    const entry = { ...placeOf(record), id, message, scope, createdAt, predatesAcceptance };
    return campaign === null
      ? { ...entry, kind: "allowance", signature }
      : { ...entry, kind: "grant", campaign, key: record.grant_key, issuer: record.issuer };
  });
}

interface AccessRecord extends PlaceRecord {
  readonly spender: Hex;
  readonly provider: Address;
  readonly signature: Hex | null;
  readonly created_at: Date;
}

async function readAccess(tx: Sql, values: readonly unknown[]): Promise<LogEntryOf<"access">[]> {
  const records = await tx.query<AccessRecord>(
    `select ${PLACE}, spender, provider, signature, created_at from provider_access
       where ${IN_PAGE}`,
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

async function readCards(tx: Sql, values: readonly unknown[]): Promise<LogEntryOf<"card">[]> {
  const records = await tx.query<CardRecord>(
    `select ${PLACE}, version, provider, effective_from, card, created_at from rate_cards
       where ${IN_PAGE}`,
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

async function readSteps(tx: Sql, values: readonly unknown[]): Promise<LogEntryOf<"multiplier">[]> {
  const records = await tx.query<
    StepRecord & PlaceRecord & { provider: Address; rate_key: string }
  >(
    `select ${PLACE}, provider, rate_key, step, effective_from, utilisation_bps, before_bps,
       after_bps, rate_card
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

async function readNotes(tx: Sql, values: readonly unknown[]): Promise<LogEntry[]> {
  const records = await tx.query<PlaceRecord & { kind: string; body: unknown }>(
    `select ${PLACE}, kind, body from log_notes where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({ ...placeOf(record), ...parseNote(record.kind, record.body) }));
}
