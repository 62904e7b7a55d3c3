import type { Hex } from "viem";

import { periodIndexAt, periodStartsAt } from "@compute-credits/rules/allowances/period";
import type { BudgetFacts, ChargeFacts } from "@compute-credits/rules/insight/limitsPassed";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { ExplainedEvent, ExplainedPart, InsightStore, LoggedDebit } from "./insightStore.ts";
import {
  ALLOWANCE_COLUMNS,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { bytea } from "@compute-credits/platform/postgres/values";
import { readEvent } from "./debitLog.ts";

/** Reads why an event cost what it did and who paid. `sql` must see one snapshot throughout. */
export async function readExplanation(
  sql: Sql,
  ...[key]: Parameters<InsightStore["explain"]>
): Promise<ExplainedEvent | null> {
  const event = await readEvent(sql, key);
  const [first] = event?.parts ?? [];
  if (event === null || first === undefined) return null;

  const parts: ExplainedPart[] = [];
  for (const debit of event.parts) {
    // oxlint-disable-next-line no-await-in-loop -- one connection runs them one after another anyway
    parts.push({ debit, facts: await readFacts(sql, debit) });
  }
  return {
    parts,
    holdId: await findHold(sql, first),
    firstEpoch: await readFirstEpoch(sql, first),
  };
}

async function readFacts(sql: Sql, debit: LoggedDebit): Promise<ChargeFacts> {
  const { account, recordedAt } = debit;
  const budget = await readBudget(sql, debit, debit.allowance);
  const { campaign } = budget.allowance;
  // Plan: purchases_of_account, refund_requests_of_account.
  const [chain] = await sql.query<{ purchased: bigint; unknown: boolean; refunding: boolean }>(
    `select coalesce(sum(amount_micros) filter (where recorded_at <= $2), 0) as purchased,
       coalesce(bool_or(recorded_at is null), false) as unknown,
       exists (select from refund_requests where account = $1
         and (recorded_at <= $2 or recorded_at is null))
         as refunding
     from purchases where account = $1`,
    [bytea(account), recordedAt],
  );
  // Plan: debits_of_account up to the event, voids by primary key.
  const [spent] = await sql.query<{ micros: bigint }>(
    `select coalesce(sum(d.amount_micros), 0) as micros
     from debits d left join voids v on v.provider = d.provider and v.event_id = d.event_id
     where d.account = $1 and d.recorded_at <= $2 and (v.voided_at is null or v.voided_at > $2)`,
    [bytea(account), recordedAt],
  );
  if (chain === undefined || spent === undefined) throw new Error("an aggregate returned no row");
  return {
    budget,
    campaign: campaign === null ? null : await readBudget(sql, debit, campaign),
    accountSpentMicros: spent.micros,
    purchasedMicros: chain.unknown ? null : chain.purchased,
    hadAskedRefund: chain.refunding,
    hadHolds: await hadHolds(sql, debit, { allowance: null, periodStart: null }),
  };
}

async function readBudget(sql: Sql, debit: LoggedDebit, id: Hex): Promise<BudgetFacts> {
  const { account, recordedAt } = debit;
  const [record] = await sql.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS} from allowances where id = $1`,
    [bytea(id)],
  );
  if (record === undefined) throw new Error(`allowance ${id} does not exist`);
  const allowance = toAllowance(record);
  const { message } = allowance;
  // Without periods, only holds that were open at the debit's time are missing from the log.
  const periodStart =
    message.period === 0n
      ? null
      : new Date(Number(periodStartsAt(message, periodIndexAt(message, recordedAt))) * 1000);
  // Plan: debits_of_account within the period, voids by primary key.
  const [spent] = await sql.query<{ micros: bigint }>(
    `select coalesce(sum(d.amount_micros), 0) as micros
     from debits d left join voids v on v.provider = d.provider and v.event_id = d.event_id
     where d.account = $1 and d.recorded_at <= $2
       and ($4::timestamptz is null or d.recorded_at >= $4)
       and (v.voided_at is null or v.voided_at > $2) and ${isOfBudgetSql("d.allowance")}`,
    [bytea(account), recordedAt, bytea(id), periodStart],
  );
  return {
    allowance,
    periodSpentMicros: spent?.micros ?? 0n,
    hadHolds: await hadHolds(sql, debit, { allowance: id, periodStart }),
  };
}

/** SQL: the allowance in `column` is `$3` or one of its grants. */
function isOfBudgetSql(column: string): string {
  return `(${column} = $3
    or exists (select from allowances g where g.id = ${column} and g.campaign = $3))`;
}

/**
 * Checks whether credits were on hold when the debit was recorded. Looks at the whole account or,
 * if `allowance` is given, at that allowance and its grants. With a `periodStart`, counts holds
 * open at any time in the period.
 */
async function hadHolds(
  sql: Sql,
  { account, spender, recordedAt }: LoggedDebit,
  { allowance, periodStart }: { allowance: Hex | null; periodStart: Date | null },
): Promise<boolean> {
  // Plan: holds_of_spender and extended_holds_of_spender for each spender in allowances_of_account,
  // then holds and hold_parts by primary key.
  const [found] = await sql.query<{ had: boolean }>(
    `select exists (${openHoldSql(`h.created_at > least($2, $4) - interval '${HOLD_LOOKBACK}'`)})
       or exists (${openHoldSql(`h.first_expires_at is not null
         and h.expires_at > least($2, $4) - interval '${HOLD_LOOKBACK}'`)}) as had`,
    [
      bytea(account),
      recordedAt,
      allowance === null ? null : bytea(allowance),
      periodStart,
      bytea(spender),
    ],
  );
  return found?.had ?? false;
}

/** SQL: the holds of `hadHolds`, among those that `isRecent` finds by an index. */
function openHoldSql(isRecent: string): string {
  return `select from holds h join hold_payers p using (provider, hold_id)
    where (h.spender = $5
      or h.spender = any(array(select distinct spender from allowances where account = $1)))
      and h.created_at <= $2 and ${isRecent}
      and (h.resolved_at is null or h.resolved_at > $2 or $4::timestamptz is not null)
      and p.account = $1 and ($3::bytea is null or ${isOfBudgetSql("p.allowance")})`;
}

/**
 * A hold lasts at most one day at a time, but it is released late if no server was running when it
 * expired.
 */
const HOLD_LOOKBACK = "8 days";

/** Finds the hold that a debit was captured from; `null` for reported usage. */
async function findHold(sql: Sql, { provider, eventId }: LoggedDebit): Promise<string | null> {
  // Plan: captures by primary key.
  const [found] = await sql.query<{ hold_id: string }>(
    "select hold_id from captures where provider = $1 and event_id = $2",
    [bytea(provider), eventId],
  );
  return found?.hold_id ?? null;
}

/**
 * Finds the first checkpoint that must contain the event. It was cut after the event, and its
 * account row, with what was written off and less what was taken over, is at least the account's
 * unvoided charges up to the event. A checkpoint never contains an event that is voided later, so
 * these sums only grow, and debits enter the rows in order.
 */
async function readFirstEpoch(sql: Sql, debit: LoggedDebit): Promise<bigint | null> {
  if (debit.voidedAt !== null) return null;
  const [found] = await sql.query<{ epoch: bigint }>(
    `with kept as (
       select coalesce(sum(d.amount_micros), 0) as micros from debits d
       where d.account = $1 and d.recorded_at <= $2
         and not exists (select from voids v where v.provider = d.provider
           and v.event_id = d.event_id))
     select c.epoch from checkpoints c
     where not c.dropped and c.cut_at >= $2 and (select micros from kept) <= coalesce((
       select r.spent from places p join checkpoint_rows r using (place)
         join checkpoints rc on rc.id = r.checkpoint
       where p.party = $1 and r.checkpoint <= c.id and not rc.dropped order by r.checkpoint desc
         limit 1), 0) + (
       select coalesce(sum(case when w.account = $1 then w.amount_micros
         else -w.amount_micros end), 0)
       from write_offs w where $1 in (w.account, w.payer) and w.written_off_at <= c.cut_at)
     order by c.id limit 1`,
    [bytea(debit.account), debit.recordedAt],
  );
  return found?.epoch ?? null;
}
