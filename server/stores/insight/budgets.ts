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
  readonly current_counter: bigint | null;
};

/** Plan: allowances_of_account from the cursor on. */
const OF_ACCOUNT = `select id, account from signed_allowances
  where account = $1 and ($4::bytea is null or (created_at, id) >
    (select c.created_at, c.id from signed_allowances c where c.id = $4 and c.account = $1))
  order by created_at, id limit $5`;

/**
 * Plan: allowances_of_spender and offers_of_spender. A spender has few allowances: both what it
 * accepts and what is offered to it are bounded.
 */
const OF_SPENDER = `select id, account from (
    select id, account, created_at from signed_allowances where spender = $1 and accepted
    union all
    select id, account, created_at from signed_allowances where spender = $1 and not accepted
  ) of_spender
  where $4::bytea is null or (created_at, id) >
    (select c.created_at, c.id from signed_allowances c where c.id = $4 and c.spender = $1)
  order by created_at, id limit $5`;

const BUDGETS = { account: budgetsSql(OF_ACCOUNT), spender: budgetsSql(OF_SPENDER) } as const;

/** Plan, besides the page's: the last day of debits_of_account, less voids by primary key. */
function budgetsSql(page: string): string {
  return `with page as materialized (${page}),
    spent as (
      select d.allowance, sum(d.amount_micros) as micros from debits d
      where d.account = any(array(select distinct account from page))
        and d.recorded_at > $2::timestamptz - make_interval(secs => $3) and d.recorded_at <= $2
        and d.allowance in (select id from page)
        and not exists (select from voids v where v.provider = d.provider
          and v.event_id = d.event_id)
      group by d.allowance)
    select ${ALLOWANCE_COLUMNS_OF_L}, coalesce(spent.micros, 0) as spent_24h,
      -- A campaign counts through its grants.
      l.accepted or l.issued_count > 0 as counts,
      (select c.revoked_at from allowances c where c.id = l.campaign) as campaign_revoked_at,
      (select a.counter from accounts a where a.address = l.account) as current_counter
    from page join allowances l on l.id = page.id left join spent on spent.allowance = l.id
    order by l.created_at, l.id`;
}

/** Reads a page of the budgets of an account or a spender. `sql` must see one snapshot throughout. */
export async function readBudgets(
  sql: Sql,
  ...[owner, { after, limit }]: Parameters<InsightStore["budgets"]>
): ReturnType<InsightStore["budgets"]> {
  const now = await readClock(sql);
  const records = await sql.query<BudgetRecord>(BUDGETS[owner.role], [
    bytea(owner.role === "account" ? owner.address : owner.spender),
    now,
    Number(DAY_SECONDS),
    after === null ? null : bytea(after),
    limit,
  ]);
  return {
    now,
    budgets: records.map((budget) => ({
      // Revoking a campaign ends its grants.
      allowance: toAllowance({
        ...budget,
        revoked_at: budget.revoked_at ?? budget.campaign_revoked_at,
      }),
      accepted: budget.counts,
      spent24hMicros: budget.spent_24h,
      counter: budget.current_counter ?? 0n,
    })),
  };
}
