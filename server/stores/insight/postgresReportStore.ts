import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { LedgerReport, ReportStore } from "./reportStore.ts";
import { readRevenue } from "./revenue.ts";
import type { PoolTotals } from "@compute-credits/rules/insight/vaultTotals";
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
