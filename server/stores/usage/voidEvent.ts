import type { Address, Hex } from "viem";

import { type Charge, SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { VoidOutcome } from "./usageLedger.ts";
import { toPriceBasis } from "@compute-credits/rules/pricing/pinnedRateJson";
import { moveEarnings } from "./insertDebits.ts";
import { lockAllowances, lockTierAccount, writeSpending } from "./lockSpending.ts";
import { subtractTierUnits } from "../pricing/tierUsage.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

interface DebitRecord extends Charge {
  readonly feeMicros: bigint;
  readonly recorded_at: Date;
  /** when its credits were taken: for a capture, when the hold was authorized */
  readonly taken_at: Date;
  readonly quantity: bigint;
  readonly price_basis: unknown;
}

/** Returns what each allowance paid for an event, unless a checkpoint or a receipt counts it. */
export async function voidEvent(
  tx: Sql,
  { provider, id }: { provider: Address; id: string },
): Promise<VoidOutcome> {
  const key = [bytea(provider), id];
  // First, because this lock waits for a running cut, and the queries below must see its
  // checkpoint.
  await tx.query("lock table voids in row exclusive mode");

  const debits = await tx.query<DebitRecord>(
    `select account, allowance, amount_micros as "amountMicros", fee_micros as "feeMicros",
       recorded_at, coalesce(h.created_at, recorded_at) as taken_at, d.quantity, price_basis
     from debits d left join captures using (provider, event_id)
       left join holds h using (provider, hold_id)
     where provider = $1 and event_id = $2 order by part`,
    key,
  );
  const [first] = debits;
  if (first === undefined) return { result: "refused", reason: "event_not_found" };

  const basis = toPriceBasis(first.price_basis);
  await lockTierAccount(
    tx,
    basis?.use?.account,
    debits.map(({ account }) => account),
  );
  const locked = await lockAllowances(tx, new Set<Hex>(debits.map(({ allowance }) => allowance)));
  const [before] = await tx.query<{ amount_micros: bigint; voided_at: Date }>(
    "select amount_micros, voided_at from voids where provider = $1 and event_id = $2",
    key,
  );
  if (before !== undefined) {
    return {
      result: "voided",
      amountMicros: before.amount_micros,
      voidedAt: before.voided_at,
      repeated: true,
    };
  }

  const [settled] = await tx.query<{ epoch: bigint }>(
    "select epoch from checkpoints where not dropped and cut_at >= $1 order by id limit 1",
    [first.recorded_at],
  );
  if (settled !== undefined) {
    return { result: "refused", reason: "already_settled", epoch: settled.epoch };
  }

  const [receipt] = await tx.query(
    "select from earnings_promises where provider = $1 and promised_at >= $2",
    [bytea(provider), first.recorded_at],
  );
  if (receipt !== undefined) return { result: "refused", reason: "receipt_given" };

  const draft = new SpendingDraft({ ...locked, hasAccess: () => false });
  for (const debit of debits) draft.returnSpent(debit, first.taken_at);
  await writeSpending(tx, draft.changes);
  await moveEarnings(
    tx,
    debits.map((debit) => ({ ...debit, event: { provider } })),
    -1n,
  );

  await subtractTierUnits(tx, basis, first.quantity);

  const amountMicros = debits.reduce((sum, debit) => sum + debit.amountMicros, 0n);
  await tx.query(
    "insert into voids (provider, event_id, amount_micros, voided_at) values ($1, $2, $3, $4)",
    [...key, amountMicros, locked.now],
  );
  return { result: "voided", amountMicros, voidedAt: locked.now, repeated: false };
}
