import type { Sql } from "@compute-credits/platform/postgres/database";
import type { Grouping, InsightStore, LogOwner, UsageSum } from "./insightStore.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

const KEY: Readonly<Record<Grouping, string>> = {
  meter: "d.meter",
  day: "to_char(d.recorded_at at time zone 'UTC', 'YYYY-MM-DD')",
  spender: "'0x' || encode(d.spender, 'hex')",
  provider: "'0x' || encode(d.provider, 'hex')",
  account: "'0x' || encode(d.account, 'hex')",
  allowance: "'0x' || encode(d.allowance, 'hex')",
};

/**
 * SQL: picks one row per event and group. An event has one row per allowance that paid, each with
 * its whole quantity.
 */
const IS_FIRST_IN_GROUP: Readonly<Record<LogOwner["role"], Readonly<Record<Grouping, string>>>> = {
  account: {
    meter: isFirstOfAccount(),
    day: isFirstOfAccount(),
    spender: isFirstOfAccount(),
    provider: isFirstOfAccount(),
    account: isFirstOfAccount(),
    allowance: "true",
  },
  provider: {
    meter: "d.part = 0",
    day: "d.part = 0",
    spender: "d.part = 0",
    provider: "d.part = 0",
    account: isFirstOfAccount(),
    allowance: "true",
  },
};

function isFirstOfAccount(): string {
  return `(d.part = 0 or not exists (select from debits e
    where e.provider = d.provider and e.event_id = d.event_id and e.part < d.part
      and e.account = d.account))`;
}

/**
 * Plan: a range of debits_of_account or debits_of_provider, less voids by primary key; other parts
 * by primary key.
 */
function usageSumsSql({ role }: LogOwner, groupBy: Grouping): string {
  const isFirst = IS_FIRST_IN_GROUP[role][groupBy];
  return `select ${KEY[groupBy]} as key, d.meter,
      coalesce(sum(d.quantity) filter (where ${isFirst}), 0) as quantity,
      count(*) filter (where ${isFirst}) as events,
      sum(d.amount_micros) as "amountMicros", sum(d.fee_micros) as "feeMicros"
    from debits d
    where d.${role} = $1 and d.recorded_at >= $2 and d.recorded_at < $3
      and not exists (select from voids v where v.provider = d.provider and v.event_id = d.event_id)
    group by 1, 2 order by 1, 2 limit $4`;
}

export async function readUsageSums(
  sql: Sql,
  ...[owner, { groupBy, from, to, limit }]: Parameters<InsightStore["usage"]>
): Promise<readonly UsageSum[]> {
  return await sql.query<UsageSum>(usageSumsSql(owner, groupBy), [
    bytea(owner.address),
    from,
    to,
    limit,
  ]);
}
