import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { type RolledUp, isRolledUpSql, readRolledUp } from "../rollups/rolledUp.ts";
import { type DayRange, wholeDays } from "./dayRange.ts";
import type { Grouping, InsightStore, LogOwner, UsageSum } from "./insightStore.ts";

/** SQL: a group's key, from a debit or from a day's sums; `day` is such an expression too. */
function keySql(groupBy: Grouping, day: string): string {
  switch (groupBy) {
    case "meter":
      return "s.meter";
    case "day":
      return `to_char(${day}, 'YYYY-MM-DD')`;
    default:
      return `'0x' || encode(s.${groupBy}, 'hex')`;
  }
}

const DAY_OF_DEBIT = "s.recorded_at at time zone 'UTC'";

/** How often an event with several parts counts in a group: for each of what it counts once. */
type CountedPer = "part" | "account" | "event";

const COUNTED_PER: Readonly<Record<LogOwner["role"], Readonly<Record<Grouping, CountedPer>>>> = {
  account: {
    meter: "account",
    day: "account",
    spender: "account",
    provider: "account",
    account: "account",
    allowance: "part",
  },
  provider: {
    meter: "event",
    day: "event",
    spender: "event",
    provider: "event",
    account: "account",
    allowance: "part",
  },
};

/** SQL: picks one row per event and group. Each part of an event has its whole quantity. */
const IS_COUNTED: Readonly<Record<CountedPer, string>> = {
  part: "true",
  account: `(s.part = 0 or not exists (select from debits e
    where e.provider = s.provider and e.event_id = s.event_id and e.part < s.part
      and e.account = s.account))`,
  event: "s.part = 0",
};

/** The columns of daily sums that hold these counts. */
const COUNTS: Readonly<Record<CountedPer, { readonly events: string; readonly quantity: string }>> =
  {
    part: { events: "parts", quantity: "part_quantity" },
    account: { events: "account_events", quantity: "account_quantity" },
    event: { events: "events", quantity: "quantity" },
  };

const NOT_VOIDED = `not exists (select from voids v
  where v.provider = s.provider and v.event_id = s.event_id)`;

/**
 * Plan: a range of debits_of_account or debits_of_provider, less voids by primary key; other parts
 * by primary key.
 */
function logSumsSql({ role }: LogOwner, groupBy: Grouping): string {
  const isCounted = IS_COUNTED[COUNTED_PER[role][groupBy]];
  return `select ${keySql(groupBy, DAY_OF_DEBIT)} as key, s.meter,
      coalesce(sum(s.quantity) filter (where ${isCounted}), 0) as quantity,
      count(*) filter (where ${isCounted}) as events,
      sum(s.amount_micros) as "amountMicros", sum(s.fee_micros) as "feeMicros"
    from debits s
    where s.${role} = $1 and s.recorded_at >= $2 and s.recorded_at < $3 and ${NOT_VOIDED}
    group by 1, 2 order by 1, 2 limit $4`;
}

/** Daily sums that have all that the grouping needs; the narrower table if both have. */
function daysTable(role: LogOwner["role"], groupBy: Grouping): string {
  const isNarrow = role === "provider" && COUNTED_PER[role][groupBy] === "event";
  return isNarrow && groupBy !== "spender" ? "provider_days" : "payer_days";
}

/**
 * Plan: a range of payer_days or provider_days by key; for the edges, ranges of debits_of_account
 * or debits_of_provider; entries that the sums do not hold by the block ranges of
 * debits_by_log_order and voids_by_log_order.
 */
function daySumsSql({ role }: LogOwner, groupBy: Grouping, { edges }: DayRange): string {
  const counted = COUNTED_PER[role][groupBy];
  const { events, quantity } = COUNTS[counted];
  const position = { since: "$5", upTo: "$6", nextOrder: "$7" };
  const ranges = edges.map((edge, n) => {
    const [from, to] = [`$${9 + 2 * n}`, `$${10 + 2 * n}`];
    return `select s.*, ${edge.sign} as sign from debits s where s.${role} = $1
      and s.recorded_at >= ${from} and s.recorded_at < ${to} and ${NOT_VOIDED}`;
  });
  return `with fresh as materialized (
      select * from debits f where f.transaction_id >= $8
        and not ${isRolledUpSql("f", position)}
    ), fresh_voids as materialized (
      select provider, event_id from voids f where f.transaction_id >= $8
        and not ${isRolledUpSql("f", position)}
    ), entries as (
      ${ranges.map((range) => `${range} union all `).join("")}
      select s.*, 1 as sign from fresh s where s.${role} = $1
        and s.recorded_at >= $2 and s.recorded_at < $3
      union all
      select s.*, -1 as sign from fresh_voids join debits s using (provider, event_id)
        where s.${role} = $1 and s.recorded_at >= $2 and s.recorded_at < $3
    ), sums as (
      select ${keySql(groupBy, "s.day")} as key, s.meter, s.parts, s.${quantity} as quantity,
        s.${events} as events, s.amount_micros, s.fee_micros
      from ${daysTable(role, groupBy)} s where s.${role} = $1
        and s.day >= ($2::timestamptz at time zone 'UTC')::date
        and s.day < ($3::timestamptz at time zone 'UTC')::date
      union all
      select ${keySql(groupBy, DAY_OF_DEBIT)}, s.meter, s.sign,
        case when ${IS_COUNTED[counted]} then s.sign * s.quantity else 0 end,
        case when ${IS_COUNTED[counted]} then s.sign else 0 end,
        s.sign * s.amount_micros, s.sign * s.fee_micros
      from entries s
    )
    select key, meter, sum(quantity) as quantity, sum(events) as events,
      sum(amount_micros) as "amountMicros", sum(fee_micros) as "feeMicros"
    from sums group by 1, 2 having sum(parts) <> 0 order by 1, 2 limit $4`;
}

/**
 * Sums the debits that were not voided, exactly: whole days from the daily sums, the rest from the
 * log. `sql` must see one snapshot throughout.
 */
export async function readUsageSums(
  sql: Sql,
  ...[owner, query]: Parameters<InsightStore["usage"]>
): Promise<readonly UsageSum[]> {
  const days = wholeDays(query.from, query.to);
  const rolledUp = days === null ? null : await readRolledUp(sql);
  if (days === null || rolledUp === null) return await readLogSums(sql, owner, query);
  return await sql.query<UsageSum>(daySumsSql(owner, query.groupBy, days), [
    bytea(owner.address),
    ...dayValues(days, rolledUp, query.limit),
  ]);
}

function dayValues(days: DayRange, rolledUp: RolledUp, limit: number | null): readonly unknown[] {
  const { since, upTo, nextOrder, firstTransaction } = rolledUp;
  return [
    days.from,
    days.to,
    limit,
    since,
    upTo,
    nextOrder,
    firstTransaction,
    ...days.edges.flatMap(({ from, to }) => [from, to]),
  ];
}

/** The same sums from the log alone. */
export async function readLogSums(
  sql: Sql,
  ...[owner, { groupBy, from, to, limit }]: Parameters<InsightStore["usage"]>
): Promise<readonly UsageSum[]> {
  return await sql.query<UsageSum>(logSumsSql(owner, groupBy), [
    bytea(owner.address),
    from,
    to,
    limit,
  ]);
}
