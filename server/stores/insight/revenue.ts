import type { Sql } from "@compute-credits/platform/postgres/database";
import { isRolledUpSql, readRolledUp } from "../rollups/rolledUp.ts";
import { type DayRange, wholeDays } from "./dayRange.ts";
import type { DayRevenue } from "./reportStore.ts";

interface Range {
  /** inclusive */
  readonly from: Date;
  /** exclusive */
  readonly to: Date;
}

/** Reads charges and fees by UTC day and meter, by the time of recording, without voided events. */
export async function readRevenue(tx: Sql, range: Range): Promise<readonly DayRevenue[]> {
  const { sql, values } = await revenueQuery(tx, range);
  return await tx.query<DayRevenue>(sql, values);
}

/** Sums the same: what accounts were charged, and what providers earned of it. */
export async function sumRevenue(
  tx: Sql,
  range: Range,
): Promise<{ readonly spent: bigint; readonly earned: bigint }> {
  const { sql, values } = await revenueQuery(tx, range);
  const [sums] = await tx.query<{ spent: bigint; earned: bigint }>(
    `select coalesce(sum("amountMicros"), 0) as spent,
       coalesce(sum("amountMicros" - "feeMicros"), 0) as earned from (${sql}) as days`,
    values,
  );
  if (sums === undefined) throw new Error("an aggregate returned no row");
  return sums;
}

async function revenueQuery(tx: Sql, { from, to }: Range) {
  const days = wholeDays(from, to);
  const rolledUp = days === null ? null : await readRolledUp(tx);
  if (days === null || rolledUp === null) return { sql: LOG_REVENUE, values: [from, to] };
  const { since, upTo, nextOrder, firstTransaction } = rolledUp;
  const edges = days.edges.flatMap((edge) => [edge.from, edge.to]);
  const position = [since, upTo, nextOrder, firstTransaction];
  return { sql: daysRevenueSql(days), values: [days.from, days.to, ...position, ...edges] };
}

const DAY_OF_DEBIT = "to_char(s.recorded_at at time zone 'UTC', 'YYYY-MM-DD')";
const NOT_VOIDED = `not exists (select from voids v
  where v.provider = s.provider and v.event_id = s.event_id)`;

/**
 * Plan: a range of provider_days_by_day; debits_by_time for the edges; entries that the sums do not
 * hold by the block ranges of debits_by_log_order and voids_by_log_order.
 */
function daysRevenueSql({ edges }: DayRange): string {
  const position = { since: "$3", upTo: "$4", nextOrder: "$5" };
  const isFresh = (alias: string) =>
    `${alias}.transaction_id >= $6 and not ${isRolledUpSql(alias, position)}`;
  const ranges = edges.map(
    ({ sign }, n) => `select s.*, ${sign} as sign from debits s
      where s.recorded_at >= $${7 + 2 * n} and s.recorded_at < $${8 + 2 * n} and ${NOT_VOIDED}
      union all `,
  );
  return `with entries as (
      ${ranges.join("")}
      select s.*, 1 as sign from debits s
        where ${isFresh("s")} and s.recorded_at >= $1 and s.recorded_at < $2
      union all
      select s.*, -1 as sign from voids f join debits s using (provider, event_id)
        where ${isFresh("f")} and s.recorded_at >= $1 and s.recorded_at < $2
    ), sums as (
      select to_char(s.day, 'YYYY-MM-DD') as day, s.meter, s.parts, s.events, s.amount_micros,
        s.fee_micros
      from provider_days s where s.day >= ($1::timestamptz at time zone 'UTC')::date
        and s.day < ($2::timestamptz at time zone 'UTC')::date
      union all
      select ${DAY_OF_DEBIT}, s.meter, s.sign, case when s.part = 0 then s.sign else 0 end,
        s.sign * s.amount_micros, s.sign * s.fee_micros
      from entries s
    )
    select day, meter, sum(events) as events, sum(amount_micros) as "amountMicros",
      sum(fee_micros) as "feeMicros"
    from sums group by 1, 2 having sum(parts) <> 0 order by 1, 2`;
}

/** The same from the log alone. Plan: debits_by_time, once the log is long; voids by key. */
const LOG_REVENUE = `select ${DAY_OF_DEBIT} as day, s.meter,
    count(*) filter (where s.part = 0) as events, sum(s.amount_micros) as "amountMicros",
    sum(s.fee_micros) as "feeMicros"
  from debits s where s.recorded_at >= $1 and s.recorded_at < $2 and ${NOT_VOIDED}
  group by 1, 2 order by 1, 2`;

export async function readLogRevenue(tx: Sql, { from, to }: Range): Promise<readonly DayRevenue[]> {
  return await tx.query<DayRevenue>(LOG_REVENUE, [from, to]);
}
