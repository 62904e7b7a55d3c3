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

/** An event that several allowances paid for has several rows with its whole quantity: the first of them in a group counts. */
const FIRST_IN_GROUP: Readonly<Record<LogOwner["role"], Readonly<Record<Grouping, string>>>> = {
  account: {
    meter: firstOfAccount(),
    day: firstOfAccount(),
    spender: firstOfAccount(),
    provider: firstOfAccount(),
    account: firstOfAccount(),
    allowance: "true",
  },
  provider: {
    meter: "d.part = 0",
    day: "d.part = 0",
    spender: "d.part = 0",
    provider: "d.part = 0",
    account: firstOfAccount(),
    allowance: "true",
  },
};

function firstOfAccount(): string {
  return `(d.part = 0 or not exists (select from debits e
    where e.provider = d.provider and e.event_id = d.event_id and e.part < d.part and e.account = d.account))`;
}

/** Plan: a range of debits_of_account or debits_of_provider, less those in voids; other parts by primary key. */
function sumsOf({ role }: LogOwner, groupBy: Grouping): string {
  const first = FIRST_IN_GROUP[role][groupBy];
  return `select ${KEY[groupBy]} as key, d.meter,
      coalesce(sum(d.quantity) filter (where ${first}), 0) as quantity, count(*) filter (where ${first}) as events,
      sum(d.amount_micros) as "amountMicros", sum(d.fee_micros) as "feeMicros"
    from debits d
    where d.${role} = $1 and d.recorded_at >= $2 and d.recorded_at < $3
      and not exists (select from voids v where v.provider = d.provider and v.event_id = d.event_id)
    group by 1, 2 order by 1, 2 limit $4`;
}

export async function readUsage(
  sql: Sql,
  ...[owner, { groupBy, from, to, limit }]: Parameters<InsightStore["usage"]>
): Promise<readonly UsageSum[]> {
  return await sql.query<UsageSum>(sumsOf(owner, groupBy), [bytea(owner.address), from, to, limit]);
}
