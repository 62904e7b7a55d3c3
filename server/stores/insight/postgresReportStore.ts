import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { DayRevenue, LedgerReport, ReportStore } from "./reportStore.ts";
import type { PoolTotals } from "@compute-credits/rules/insight/vaultTotals";
import { isRolledUpSql, readRolledUp } from "../rollups/rolledUp.ts";
import { type DayRange, wholeDays } from "./dayRange.ts";
import { readClock } from "@compute-credits/platform/postgres/clock";

export function createReportStore(database: Database): ReportStore {
  return {
    report: (query) =>
      database.transaction((tx) => readReport(tx, query), { isolation: "repeatable read" }),

    async checkpointTotals(epoch) {
      // Plan: one_checkpoint_per_epoch, one row.
      const [totals] = await database.query<PoolTotals>(
        "select spent, refunded, earned from checkpoints where epoch = $1 and not dropped",
        [epoch],
      );
      return totals ?? null;
    },
  };
}

async function readReport(
  tx: Sql,
  { from, to, price }: Parameters<ReportStore["report"]>[0],
): Promise<LedgerReport> {
  const asOf = await readClock(tx);
  const [block] = await tx.query<BlockPoint>(
    "select block_number as number, block_hash as hash, block_time as time from chain_cursor",
  );
  const [accounts] = await tx.query<
    Record<"purchased" | "spent" | "held" | "refunding" | "refunded", bigint>
  >(
    `select coalesce(sum(purchased), 0) as purchased, coalesce(sum(spent), 0) as spent,
       coalesce(sum(held), 0) as held, coalesce(sum(refunding), 0) as refunding,
       coalesce(sum(refunded), 0) as refunded from accounts`,
  );
  const [others] = await tx.query<{ earned: bigint; tokens_in: bigint }>(
    `select (select coalesce(sum(earned), 0) from earnings) as earned,
       (select coalesce(sum(token_amount), 0) from purchases) as tokens_in`,
  );
  // The contract pays differences of rounded cumulative totals. So a party's payments add up to its
  // total, rounded down once.
  const [settled] = await tx.query<PoolTotals & { tokens_out: bigint }>(
    `select coalesce(sum(spent), 0) as spent, coalesce(sum(refunded), 0) as refunded,
       coalesce(sum(earned), 0) as earned,
       coalesce(sum(div((earned::numeric + refunded) * $1, $2)), 0) as tokens_out
     from settlements`,
    [price.tokenUnit, price.creditMicrosPerToken],
  );
  const [newest] = await tx.query<PoolTotals>(
    "select spent, refunded, earned from checkpoints where not dropped order by id desc limit 1",
  );
  if (!block || !accounts || !others || !settled) {
    throw new Error("an aggregate returned no row");
  }

  const { tokens_out: tokensOut, spent, refunded, earned } = settled;
  return {
    asOf,
    block,
    ...accounts,
    earned: others.earned,
    tokensIn: others.tokens_in,
    settled: { spent, refunded, earned },
    tokensOut,
    newestCheckpoint: newest ?? { spent: 0n, refunded: 0n, earned: 0n },
    revenue: await readRevenue(tx, { from, to }),
  };
}

async function readRevenue(
  tx: Sql,
  { from, to }: { from: Date; to: Date },
): Promise<readonly DayRevenue[]> {
  const days = wholeDays(from, to);
  const rolledUp = days === null ? null : await readRolledUp(tx);
  if (days === null || rolledUp === null) return await readLogRevenue(tx, { from, to });
  const { since, upTo, nextOrder, firstTransaction } = rolledUp;
  return await tx.query<DayRevenue>(daysRevenueSql(days), [
    days.from,
    days.to,
    since,
    upTo,
    nextOrder,
    firstTransaction,
    ...days.edges.flatMap((edge) => [edge.from, edge.to]),
  ]);
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
export async function readLogRevenue(
  tx: Sql,
  { from, to }: { from: Date; to: Date },
): Promise<readonly DayRevenue[]> {
  return await tx.query<DayRevenue>(
    `select ${DAY_OF_DEBIT} as day, s.meter, count(*) filter (where s.part = 0) as events,
       sum(s.amount_micros) as "amountMicros", sum(s.fee_micros) as "feeMicros"
     from debits s where s.recorded_at >= $1 and s.recorded_at < $2 and ${NOT_VOIDED}
     group by 1, 2 order by 1, 2`,
    [from, to],
  );
}
