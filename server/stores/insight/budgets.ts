import { DAY_SECONDS } from "@compute-credits/rules/insight/burn";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { InsightStore } from "./insightStore.ts";
import {
  ALLOWANCE_COLUMNS_OF_L,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { bytea } from "@compute-credits/platform/postgres/values";
import { readClock } from "@compute-credits/platform/postgres/clock";

type BudgetRecord = AllowanceRecord & {
  readonly spent_24h: bigint;
  readonly campaign_revoked_at: Date | null;
  readonly counts: boolean;
};

/** Reads a page of an account's budgets. `sql` must see one snapshot throughout. */
export async function readBudgets(
  sql: Sql,
  ...[account, { after, limit }]: Parameters<InsightStore["budgets"]>
): ReturnType<InsightStore["budgets"]> {
  const now = await readClock(sql);
  const [record] = await sql.query<{ counter: bigint }>(
    "select counter from accounts where address = $1",
    [bytea(account)],
  );
  // Plan: allowances_of_account from the cursor on; the last day of debits_of_account, less voids
  // by primary key.
  const records = await sql.query<BudgetRecord>(
    `with spent as (
       select d.allowance, sum(d.amount_micros) as micros from debits d
       where d.account = $1 and d.recorded_at > $2::timestamptz - make_interval(secs => $3)
         and d.recorded_at <= $2
         and not exists (select from voids v where v.provider = d.provider
           and v.event_id = d.event_id)
       group by d.allowance)
     select ${ALLOWANCE_COLUMNS_OF_L}, coalesce(spent.micros, 0) as spent_24h,
       -- A campaign counts through its grants.
       l.accepted or l.issued_count > 0 as counts,
       (select c.revoked_at from allowances c where c.id = l.campaign) as campaign_revoked_at
     from allowances l left join spent on spent.allowance = l.id
     where l.account = $1 and ($4::bytea is null
       or (l.created_at, l.id) > (select c.created_at, c.id from allowances c where c.id = $4))
     order by l.created_at, l.id limit $5`,
    [bytea(account), now, Number(DAY_SECONDS), after === null ? null : bytea(after), limit],
  );
  return {
    now,
    counter: record?.counter ?? 0n,
    budgets: records.map((budget) => ({
      // Revoking a campaign ends its grants.
      allowance: toAllowance({
        ...budget,
        revoked_at: budget.revoked_at ?? budget.campaign_revoked_at,
      }),
      accepted: budget.counts,
      spent24hMicros: budget.spent_24h,
    })),
  };
}
