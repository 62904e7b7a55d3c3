import type { Address, Hex } from "viem";

import type { Charge } from "@compute-credits/rules/spending/findCharges";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { VoidOutcome } from "./usageLedger.ts";
import { toPriceBasis } from "@compute-credits/rules/pricing/pinnedRateJson";
import { takenAtOfBasis, tierUnitsOfBasis } from "@compute-credits/rules/pricing/priceBasis";
import { moveEarnings } from "./insertDebits.ts";
import { lockAllowances, lockTierAccounts, writeSpending } from "./lockSpending.ts";
import { subtractTierUnits } from "../pricing/tierUsage.ts";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { bytea } from "@compute-credits/platform/postgres/values";

interface DebitRecord extends Charge {
  readonly feeMicros: bigint;
  readonly recorded_at: Date;
  /** when its credits were taken: for a capture, when the hold was opened, unless its basis says otherwise */
  readonly taken_at: Date;
  readonly quantity: bigint;
  readonly price_basis: unknown;
}

/** Identifies a debited event. */
interface EventKey {
  readonly provider: Address;
  readonly id: string;
}

/** Returns what each allowance paid for an event, unless a checkpoint or a receipt counts it. */
export async function voidEvent(database: Database, event: EventKey): Promise<VoidOutcome> {
  // Repetitions and refusals end here, on one snapshot and without a lock.
  const known = await database.transaction(
    async (tx) => {
      const [first] = await readDebits(tx, event);
      return first === undefined ? NOT_FOUND : await readAnswer(tx, event, first);
    },
    { isolation: "repeatable read" },
  );
  return known ?? (await withRetries(() => database.transaction((tx) => voidLocked(tx, event))));
}

async function voidLocked(tx: Sql, event: EventKey): Promise<VoidOutcome> {
  const { provider, id } = event;
  // First, because this lock waits for a running cut, and the queries below must see its
  // checkpoint.
  await tx.query("lock table voids in row exclusive mode");

  const debits = await readDebits(tx, event);
  const [first] = debits;
  if (first === undefined) return NOT_FOUND;

  const priceBasis = toPriceBasis(first.price_basis);
  const tierUnits = tierUnitsOfBasis(priceBasis, first.quantity);
  await lockTierAccounts(
    tx,
    tierUnits.map(({ use }) => use.account),
    debits.map(({ account }) => account),
  );
  const locked = await lockAllowances(tx, new Set<Hex>(debits.map(({ allowance }) => allowance)));
  const known = await readAnswer(tx, event, first);
  if (known !== null) return known;

  const draft = new SpendingDraft({ ...locked, hasAccess: () => false });
  const taken = { charges: debits.length, takenAt: first.taken_at };
  for (const [part, takenAt] of takenAtOfBasis(priceBasis, taken).entries()) {
    const debit = debits[part];
    if (debit !== undefined) draft.returnSpent(debit, takenAt);
  }
  await writeSpending(tx, draft.changes);
  await moveEarnings(
    tx,
    debits.map((debit) => ({ ...debit, event: { provider } })),
    -1n,
  );

  await subtractTierUnits(tx, tierUnits);

  const amountMicros = debits.reduce((sum, debit) => sum + debit.amountMicros, 0n);
  await tx.query(
    "insert into voids (provider, event_id, amount_micros, voided_at) values ($1, $2, $3, $4)",
    [bytea(provider), id, amountMicros, locked.now],
  );
  return { result: "voided", amountMicros, voidedAt: locked.now, repeated: false };
}

const NOT_FOUND: VoidOutcome = { result: "refused", reason: "event_not_found" };

async function readDebits(sql: Sql, { provider, id }: EventKey): Promise<DebitRecord[]> {
  // Plan: debits by primary key, then captures and holds by primary key.
  return await sql.query<DebitRecord>(
    `select d.account, d.allowance, amount_micros as "amountMicros", fee_micros as "feeMicros",
       recorded_at, coalesce(h.created_at, recorded_at) as taken_at, d.quantity, price_basis
     from debits d left join captures using (provider, event_id)
       left join holds h using (provider, hold_id)
     where provider = $1 and event_id = $2 order by part`,
    [bytea(provider), id],
  );
}

/** Reads why a debited event cannot be voided now, or how it was; `null` if it can be. */
async function readAnswer(
  sql: Sql,
  { provider, id }: EventKey,
  { recorded_at: recordedAt }: DebitRecord,
): Promise<VoidOutcome | null> {
  const [before] = await sql.query<{ amount_micros: bigint; voided_at: Date }>(
    "select amount_micros, voided_at from voids where provider = $1 and event_id = $2",
    [bytea(provider), id],
  );
  if (before !== undefined) {
    return {
      result: "voided",
      amountMicros: before.amount_micros,
      voidedAt: before.voided_at,
      repeated: true,
    };
  }

  const [settled] = await sql.query<{ epoch: bigint }>(
    "select epoch from checkpoints where not dropped and cut_at >= $1 order by id limit 1",
    [recordedAt],
  );
  if (settled !== undefined) {
    return { result: "refused", reason: "already_settled", epoch: settled.epoch };
  }

  const [receipt] = await sql.query(
    "select from earnings_promises where provider = $1 and promised_at >= $2",
    [bytea(provider), recordedAt],
  );
  if (receipt !== undefined) return { result: "refused", reason: "receipt_given" };

  // Plan: debits by primary key, write_offs_of_account.
  const [writtenOff] = await sql.query(
    `select from debits d join write_offs w on w.account = d.account
       and w.written_off_at >= d.recorded_at
     where d.provider = $1 and d.event_id = $2 limit 1`,
    [bytea(provider), id],
  );
  return writtenOff === undefined ? null : { result: "refused", reason: "written_off" };
}
