import type { Address, Hex } from "viem";

import { max, min } from "@compute-credits/protocol/amounts";
import { MAIN_LINE } from "@compute-credits/rules/holds/hold";
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
  "hold_lots",
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
    ...(await readLots(tx, values)),
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

const CHARGE = `provider, event_id, account, allowance, amount_micros as "amountMicros",
  fee_micros as "feeMicros"`;

/** Debits by column, each in the same order. A text lists numbers or hex, separated by commas. */
interface DebitColumns {
  readonly orders: string | null;
  readonly transactions: string;
  readonly providers: string;
  readonly ids: readonly string[];
  readonly spenders: string;
  readonly meters: readonly string[];
  readonly quantities: string;
  readonly dimensions: readonly Record<string, string>[];
  /** ISO 8601 */
  readonly occurred: readonly string[];
  readonly recorded: readonly string[];
  readonly cards: readonly number[];
  readonly bases: readonly unknown[];
  readonly holds: readonly (string | null)[];
  /** `null` if no debit of the page is from a line that its hold's request named */
  readonly lines: readonly (string | null)[] | null;
  readonly accounts: string;
  readonly allowances: string;
  readonly amounts: string;
  readonly fees: string;
}

/** SQL: one text of a column's bytes in hex digits, of its numbers, or a JSON array of its values. */
const hexList = (column: string) => `string_agg(encode(${column}, 'hex'), ',')`;
const numberList = (column: string) => `string_agg(${column}::text, ',')`;
const jsonList = (column: string) => `json_agg(${column})`;

/** One row with all debits of a page: the driver takes several times as long for a row of each. */
const DEBIT_COLUMNS = `select ${numberList("log_order")} as orders,
    ${numberList("transaction_id")} as transactions, ${hexList("provider")} as providers,
    ${jsonList("event_id")} as ids, ${hexList("spender")} as spenders, ${jsonList("meter")} as meters,
    ${numberList("quantity")} as quantities, ${jsonList("dimensions")} as dimensions,
    ${jsonList("occurred_at")} as occurred, ${jsonList("recorded_at")} as recorded,
    ${jsonList("rate_card")} as cards, ${jsonList("price_basis")} as bases,
    ${jsonList("hold_id")} as holds, ${hexList("account")} as accounts,
    case when count(line) > 0 then ${jsonList("line")} end as lines,
    ${hexList("allowance")} as allowances, ${numberList("amount_micros")} as amounts,
    ${numberList("fee_micros")} as fees
  from debits left join captures using (provider, event_id)`;

/**
 * Reads debits. An event has the log place of its first part; its other parts, of the same
 * transaction, are attached to it.
 */
async function readDebits(tx: Sql, range: readonly unknown[]): Promise<LogEntryOf<"debit">[]> {
  // Plan: debits_by_log_order. Not `part = 0`: for that, the planner may read the whole primary key.
  const [columns] = await tx.query<DebitColumns>(
    `${DEBIT_COLUMNS} where part + 0 = 0 and ${IN_PAGE}`,
    range,
  );
  if (columns === undefined || columns.orders === null) return [];
  const debits = toDebits(columns, columns.orders);
  const others = await readOtherParts(tx, debits);
  if (others.size === 0) return debits;
  return debits.map((debit) => {
    const more = others.get(`${debit.provider}/${debit.id}`);
    return more === undefined ? debit : { ...debit, charges: [...debit.charges, ...more] };
  });
}

function toDebits(columns: DebitColumns, listed: string): LogEntryOf<"debit">[] {
  const { ids, meters, dimensions, occurred, recorded, cards, bases, holds, lines } = columns;
  const orders = listed.split(",");
  const transactions = columns.transactions.split(",");
  const providers = hexesIn(columns.providers);
  const spenders = hexesIn(columns.spenders);
  const quantities = columns.quantities.split(",");
  const accounts = hexesIn(columns.accounts);
  const allowances = hexesIn(columns.allowances);
  const amounts = columns.amounts.split(",");
  const fees = columns.fees.split(",");
  return orders.map((order, index) => {
    const basis = at(bases, index);
    const line = lines?.[index] ?? null;
    return {
      order: BigInt(order),
      transaction: BigInt(at(transactions, index)),
      kind: "debit",
      provider: at(providers, index),
      id: at(ids, index),
      spender: at(spenders, index),
      meter: at(meters, index),
      quantity: BigInt(at(quantities, index)),
      dimensions: at(dimensions, index),
      occurredAt: new Date(at(occurred, index)),
      recordedAt: new Date(at(recorded, index)),
      rateCardVersion: at(cards, index),
      priceBasis: basis === null ? null : toPriceBasis(basis),
      holdId: at(holds, index),
      ...(line === null ? {} : { line }),
      charges: [
        {
          account: at(accounts, index),
          allowance: at(allowances, index),
          amountMicros: BigInt(at(amounts, index)),
          feeMicros: BigInt(at(fees, index)),
        },
      ],
    };
  });
}

function hexesIn(listed: string): readonly Hex[] {
  return listed.split(",").map((digits): Hex => `0x${digits}`);
}

/** An item of a column, which has one for each debit. */
function at<T>(column: readonly T[], index: number): T {
  const item = column[index];
  if (item === undefined) throw new Error("the database returned columns of unequal length");
  return item;
}

/** The parts after the first, by event. Few events have any. */
async function readOtherParts(
  tx: Sql,
  debits: readonly LogPosition[],
): Promise<ReadonlyMap<string, readonly LoggedCharge[]>> {
  const [first] = debits;
  if (first === undefined) return new Map();
  const transactions = debits.map(({ transaction }) => transaction);
  // Plan: debits_by_log_order, by its second column: the transactions of one page are neighbours.
  const others = await tx.query<ChargeRecord>(
    `select ${CHARGE} from debits
     where part + 0 > 0 and transaction_id >= $1 and transaction_id <= $2 order by part`,
    [transactions.reduce(min, first.transaction), transactions.reduce(max, first.transaction)],
  );
  const byEvent = new Map<string, LoggedCharge[]>();
  for (const record of others) {
    const name = `${record.provider}/${record.event_id}`;
    const charge = toCharge(record);
    const before = byEvent.get(name);
    if (before === undefined) byEvent.set(name, [charge]);
    else before.push(charge);
  }
  return byEvent;
}

function toCharge({ account, allowance, amountMicros, feeMicros }: LoggedCharge): LoggedCharge {
  return { account, allowance, amountMicros, feeMicros };
}

interface LotRecord extends PlaceRecord {
  readonly provider: Address;
  readonly hold_id: string;
  readonly line: string;
  readonly meter: string;
  readonly dimensions: Record<string, string>;
  readonly quantity: bigint;
  readonly rate: unknown;
  readonly allowances: readonly Hex[] | null;
}

/** SQL: the columns of a `LotRecord`, of a table that has the lot at the place `lot`. */
const lotColumns = (table: string, lot: string) => `${PLACE}, provider, hold_id, line, meter,
  dimensions, quantity, rate, (select array_agg(allowance order by part) from hold_payers p
    where p.provider = ${table}.provider and p.hold_id = ${table}.hold_id and p.lot = ${lot}
      and allowance is not null
  ) as allowances`;

function lotOf(record: LotRecord) {
  return {
    provider: record.provider,
    id: record.hold_id,
    ...(record.line === MAIN_LINE ? {} : { line: record.line }),
    meter: record.meter,
    dimensions: record.dimensions,
    quantity: record.quantity,
    rate: toPinnedRate(record.rate),
    allowances: record.allowances ?? [],
  };
}

interface HoldRecord extends LotRecord {
  readonly spender: Hex;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly quote_expires_at: Date | null;
}

async function readHolds(tx: Sql, values: readonly unknown[]): Promise<LogEntryOf<"hold">[]> {
  const records = await tx.query<HoldRecord>(
    `select ${lotColumns("holds", "0")}, spender, created_at, quote_expires_at,
       coalesce(first_expires_at, expires_at) as expires_at
     from holds where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({
    ...placeOf(record),
    kind: "hold",
    spender: record.spender,
    ...lotOf(record),
    createdAt: record.created_at,
    expiresAt: record.expires_at,
    quoteExpiresAt: record.quote_expires_at,
  }));
}

async function readLots(tx: Sql, values: readonly unknown[]): Promise<LogEntryOf<"hold_lot">[]> {
  const records = await tx.query<LotRecord & { readonly held_at: Date }>(
    `select ${lotColumns("hold_lots", "hold_lots.lot")}, held_at from hold_lots where ${IN_PAGE}`,
    values,
  );
  return records.map((record) => ({
    ...placeOf(record),
    kind: "hold_lot",
    ...lotOf(record),
    heldAt: record.held_at,
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
