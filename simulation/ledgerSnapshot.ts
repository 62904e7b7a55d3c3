import type { Address, Hex } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";

export interface AccountRow {
  readonly address: Address;
  readonly purchased: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly refunding: bigint;
  readonly waiting: bigint;
  readonly refunded: bigint;
  readonly counter: bigint;
  readonly recordedCap: bigint;
}

export interface AllowanceRow {
  readonly id: Hex;
  readonly account: Address;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
  readonly accepted: boolean;
  readonly period: bigint;
  readonly carried: bigint;
  readonly used: bigint;
  readonly spent: bigint;
}

export interface HoldRow {
  readonly key: string;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly resolved_as: "captured" | "released" | "expired" | null;
  readonly resolved_at: Date | null;
}

/** Units of a line that were reserved together; lots are numbered within their hold. */
export interface HoldLotRow {
  readonly key: string;
  readonly lot: number;
  readonly line: string;
  readonly meter: string;
  readonly quantity: bigint;
  readonly heldAt: Date;
  /** micro-credits */
  readonly captured: bigint;
  readonly capturedUnits: bigint;
  readonly logOrder: bigint;
}

export interface HoldPartRow {
  readonly key: string;
  readonly lot: number;
  readonly account: Address;
  readonly allowance: Hex;
  readonly held: bigint;
}

export interface DebitRow {
  readonly key: string;
  readonly provider: Address;
  readonly account: Address;
  readonly allowance: Hex;
  readonly spender: Hex;
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly occurred_at: Date;
  readonly recorded_at: Date;
  readonly rate_card: number;
  /** the stored facts that the price depends on */
  readonly basis: LoggedBasis | null;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly log_order: bigint;
}

export interface LoggedBasis {
  readonly multiplierBps?: string;
  readonly usedUnits?: string;
  readonly capturedUnits?: string;
  readonly use?: LoggedTierUse;
  readonly shares?: readonly LoggedShare[];
  readonly lots?: readonly LoggedLot[];
}

/** What a capture took from one lot of its hold, and how many of its charges are for that. */
export interface LoggedLot {
  readonly units: string;
  readonly charges: number;
  readonly rateCardVersion: number;
  readonly heldAt: string;
  readonly basis: LoggedBasis | null;
}

interface LoggedTierUse {
  readonly account: Address;
  readonly month: string;
  readonly rateKey: string;
}

/** What one account pays of an event, and how much it had used before. */
export interface LoggedShare {
  readonly micros: string;
  readonly units: string;
  readonly usedUnits: string;
  readonly use: LoggedTierUse;
}

export interface CheckpointRow {
  readonly id: bigint;
  readonly epoch: bigint;
  readonly root: Hex;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  readonly cut_at: Date;
  readonly dropped: boolean;
}

export interface EarningRow {
  readonly provider: Address;
  readonly earned: bigint;
}

/** These queries belong to the simulation, so that no read goes through the code under test. */
export function readAccounts(sql: Sql): Promise<AccountRow[]> {
  return sql.query<AccountRow>(
    `select address, purchased, spent, held, refunding, refund_waiting as waiting, refunded, counter,
       recorded_cap as "recordedCap"
     from accounts`,
  );
}

export function readAllowances(sql: Sql): Promise<AllowanceRow[]> {
  return sql.query<AllowanceRow>(
    `select id, account, created_at, revoked_at, accepted, period_index as period, carried_micros as carried,
       period_spent as used, spent from allowances`,
  );
}

const HOLD_KEY = `'0x' || encode(provider, 'hex') || '/' || hold_id`;
const EVENT_KEY = `'0x' || encode(provider, 'hex') || '/' || event_id`;

/** Reads the open holds and those resolved since a time. */
export function readHolds(sql: Sql, since: Date): Promise<HoldRow[]> {
  return sql.query<HoldRow>(
    `select ${HOLD_KEY} as key, created_at, expires_at, resolved_as, resolved_at
     from holds where resolved_at is null or resolved_at >= $1`,
    [since],
  );
}

/** Reads the lots of all holds, in their order: the first is in the hold's own row. */
export function readHoldLots(sql: Sql): Promise<HoldLotRow[]> {
  const counts = `captured_micros as captured, captured_quantity as "capturedUnits",
    log_order as "logOrder"`;
  return sql.query<HoldLotRow>(
    `select ${HOLD_KEY} as key, 0::smallint as lot, line, meter, quantity, created_at as "heldAt",
       ${counts} from holds
     union all select ${HOLD_KEY}, lot, line, meter, quantity, held_at, ${counts} from hold_lots
     order by key, lot`,
  );
}

export function readHoldParts(sql: Sql): Promise<HoldPartRow[]> {
  return sql.query<HoldPartRow>(
    `select ${HOLD_KEY} as key, lot, account, allowance, held_micros as held from hold_payers
     where account is not null
     order by provider, hold_id, part`,
  );
}

export function readEarnings(sql: Sql): Promise<EarningRow[]> {
  return sql.query<EarningRow>(
    "select provider, sum(earned) as earned from earnings group by provider",
  );
}

export function readDebits(sql: Sql): Promise<DebitRow[]> {
  return sql.query<DebitRow>(
    `select ${EVENT_KEY} as key, provider, account, allowance, spender, meter, quantity, dimensions,
       occurred_at, recorded_at, rate_card, price_basis as basis, amount_micros as amount,
       fee_micros as fee, log_order
     from debits order by provider, event_id, part`,
  );
}

export async function readVoids(sql: Sql): Promise<Map<string, { amount: bigint; at: Date }>> {
  const records = await sql.query<{ key: string; amount: bigint; at: Date }>(
    `select ${EVENT_KEY} as key, amount_micros as amount, voided_at as at from voids`,
  );
  return new Map(records.map(({ key, ...rest }) => [key, rest]));
}

export function readCheckpoints(sql: Sql): Promise<CheckpointRow[]> {
  return sql.query<CheckpointRow>(
    "select id, epoch, root, spent, refunded, earned, cut_at, dropped from checkpoints order by id",
  );
}

export interface StepRow {
  readonly provider: Address;
  readonly rate_key: string;
  readonly effective_from: Date;
  readonly after_bps: bigint;
}

export function readSteps(sql: Sql): Promise<StepRow[]> {
  return sql.query<StepRow>(
    "select provider, rate_key, effective_from, after_bps from multiplier_steps order by step",
  );
}

export interface TierUseRow {
  readonly account: Address;
  readonly month: string;
  readonly rate_key: string;
  readonly quantity: bigint;
}

export function readTierUse(sql: Sql): Promise<TierUseRow[]> {
  return sql.query<TierUseRow>("select account, month, rate_key, quantity from tier_usage");
}

export interface StoredRow extends Row {
  readonly checkpoint: bigint;
}

export function readCheckpointRows(sql: Sql): Promise<StoredRow[]> {
  return sql.query<StoredRow>(
    `select checkpoint, party, spent, refunded, earned
     from checkpoint_rows order by checkpoint, place`,
  );
}

export interface WriteOffRow {
  readonly id: bigint;
  readonly account: Address;
  readonly payer: Address;
  readonly amount: bigint;
  readonly at: Date;
}

export function readWriteOffs(sql: Sql): Promise<WriteOffRow[]> {
  return sql.query<WriteOffRow>(
    `select id, account, payer, amount_micros as amount, written_off_at as at from write_offs
     order by id`,
  );
}

export interface CodeRow {
  readonly campaign: Hex;
  readonly code_hash: Hex;
  readonly max_redemptions: bigint;
  readonly redemptions: bigint;
  readonly closed_at: Date | null;
}

export function readCodes(sql: Sql): Promise<CodeRow[]> {
  return sql.query<CodeRow>(
    `select campaign, code_hash, max_redemptions, redemptions, closed_at from promotion_codes`,
  );
}

/** Sums of a UTC day; for a provider without `part_quantity` and what accounts count. */
export interface DaySums {
  readonly parts: bigint;
  readonly part_quantity: bigint;
  readonly account_events: bigint;
  readonly account_quantity: bigint;
  readonly events: bigint;
  readonly quantity: bigint;
  readonly amount: bigint;
  readonly fee: bigint;
}

/** Reads the daily sums by account, day, provider, spender, allowance and meter. */
export async function readPayerDays(sql: Sql): Promise<Map<string, DaySums>> {
  const rows = await sql.query<DaySums & Record<string, unknown>>(
    `select account, day::text as day, provider, spender, allowance, meter, parts, part_quantity,
       account_events, account_quantity, events, quantity, amount_micros as amount,
       fee_micros as fee
     from payer_days`,
  );
  return new Map(
    rows.map((row) => {
      const { account, day, provider, spender, allowance, meter, ...sums } = row;
      return [[account, day, provider, spender, allowance, meter].join("|"), sums];
    }),
  );
}

/** Reads the daily sums by provider, day and meter. */
export async function readProviderDays(sql: Sql): Promise<Map<string, DaySums>> {
  const rows = await sql.query<DaySums & Record<string, unknown>>(
    `select provider, day::text as day, meter, parts, 0::bigint as part_quantity,
       0::bigint as account_events, 0::bigint as account_quantity, events, quantity,
       amount_micros as amount, fee_micros as fee
     from provider_days`,
  );
  return new Map(
    rows.map(({ provider, day, meter, ...sums }) => [[provider, day, meter].join("|"), sums]),
  );
}

/** Reads all tables on one snapshot. */
export function readLedgerSnapshot(database: Database) {
  return database.transaction(
    async (tx) => ({
      accounts: await readAccounts(tx),
      allowances: await readAllowances(tx),
      holds: await readHolds(tx, new Date(0)),
      lots: await readHoldLots(tx),
      parts: await readHoldParts(tx),
      earnings: await readEarnings(tx),
      debits: await readDebits(tx),
      voids: await readVoids(tx),
      writeOffs: await readWriteOffs(tx),
      codes: await readCodes(tx),
      payerDays: await readPayerDays(tx),
      providerDays: await readProviderDays(tx),
      steps: await readSteps(tx),
      tierUse: await readTierUse(tx),
      checkpoints: await readCheckpoints(tx),
      rows: await readCheckpointRows(tx),
    }),
    { isolation: "repeatable read" },
  );
}

export type LedgerSnapshot = Awaited<ReturnType<typeof readLedgerSnapshot>>;

/** What rows are compared with: without the log, which is most of the ledger. */
export type RowsSnapshot = Pick<LedgerSnapshot, "accounts" | "earnings" | "checkpoints" | "rows">;

/** Reads the tables that rows are compared with, on one snapshot. */
export function readRowsSnapshot(database: Database): Promise<RowsSnapshot> {
  return database.transaction(
    async (tx) => ({
      accounts: await readAccounts(tx),
      earnings: await readEarnings(tx),
      checkpoints: await readCheckpoints(tx),
      rows: await readCheckpointRows(tx),
    }),
    { isolation: "repeatable read" },
  );
}

/** Reads all parties in tree order. */
export async function readPlaces(sql: Sql): Promise<Address[]> {
  const records = await sql.query<{ party: Address }>("select party from places order by place");
  return records.map(({ party }) => party);
}
