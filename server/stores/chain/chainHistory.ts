import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { LOCKING_WORKER_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import { readCursor } from "./chainLocks.ts";

type EventOf<Type extends ChainEvent["type"]> = Extract<ChainEvent, { type: Type }>;

/**
 * When an event counts in the history: `now`, as the indexer reads it, or at its block's time if it
 * is only added to the history later.
 */
export type CountedAt = "now" | "block";

/** SQL: the time for `$n`, which is `null` or the block's. No block counts before it was there. */
const countedAt = (parameter: string) =>
  `date_trunc('milliseconds', least(clock_timestamp(), ${parameter}::timestamptz))`;

/** Adds a settled row to the history, unless it is there. Returns whether it was added. */
export async function keepSettledRow(
  tx: Sql,
  event: EventOf<"row_settled">,
  at: CountedAt,
): Promise<boolean> {
  const added = await tx.query(
    `insert into settled_rows (block_number, log_index, transaction_hash, party, epoch, spent,
       refunded, earned, recorded_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, ${countedAt("$9")})
     on conflict (block_number, log_index) do nothing returning block_number`,
    [
      event.blockNumber,
      event.logIndex,
      bytea(event.transactionHash),
      bytea(event.party),
      event.epoch,
      event.spent,
      event.refunded,
      event.earned,
      at === "now" ? null : event.blockTime,
    ],
  );
  return added.length > 0;
}

/** The same for a claim of fees. */
export async function keepFeeClaim(
  tx: Sql,
  event: EventOf<"fees_claimed">,
  at: CountedAt,
): Promise<boolean> {
  const added = await tx.query(
    `insert into fee_claims (block_number, log_index, transaction_hash, amount_micros,
       token_amount, recorded_at)
     values ($1, $2, $3, $4, $5, ${countedAt("$6")})
     on conflict (block_number, log_index) do nothing returning block_number`,
    [
      event.blockNumber,
      event.logIndex,
      bytea(event.transactionHash),
      event.amountMicros,
      event.tokenAmount,
      at === "now" ? null : event.blockTime,
    ],
  );
  return added.length > 0;
}

/** Where the history begins. */
export interface HistoryStart {
  /** the last block whose settlements and claims are not in it */
  readonly block: bigint;
  /** no day before it is known */
  readonly begunAt: Date;
}

/** `null` if the history is whole since the deployment. */
export async function readHistoryStart(sql: Sql): Promise<HistoryStart | null> {
  const [start] = await sql.query<HistoryStart>(
    `select block_number as block, begun_at as "begunAt" from chain_history_start`,
  );
  return start ?? null;
}

/**
 * Adds settlements and claims of blocks that the ledger has read to the history, at the time of
 * their blocks. They change nothing else. Returns how many were added.
 */
export async function fillHistory(
  database: Database,
  events: readonly ChainEvent[],
): Promise<number> {
  const fill = async (tx: Sql) => {
    // No server records blocks meanwhile.
    await readCursor(tx, "for update");
    let added = 0;
    for (const event of events) {
      if (event.type !== "row_settled" && event.type !== "fees_claimed") continue;
      const keep =
        event.type === "row_settled"
          ? keepSettledRow(tx, event, "block")
          : keepFeeClaim(tx, event, "block");
      // oxlint-disable-next-line no-await-in-loop -- one connection
      if (await keep) added += 1;
    }
    return added;
  };
  return await database.transaction(fill, { limits: LOCKING_WORKER_LIMITS });
}

/** Marks the history as whole: all events since the deployment have been added. */
export async function endFilling(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query("delete from settled_rows where log_index < 0");
    await tx.query("delete from chain_history_start");
  });
}

/** Tables with a row and a time for each event. */
const TABLES: { readonly [Type in ChainEvent["type"]]?: string } = {
  purchased: "purchases",
  refund_requested: "refund_requests",
  row_settled: "settled_rows",
  fees_claimed: "fee_claims",
};

/**
 * Dates an event back to its block: a recovered ledger records it long after the one that was lost
 * did, and its debits keep their times.
 */
export async function dateBack(tx: Sql, event: ChainEvent): Promise<void> {
  const table = TABLES[event.type];
  if (table === undefined) return;
  await tx.query(
    `update ${table} set recorded_at = date_trunc('milliseconds', least(recorded_at, $3))
     where block_number = $1 and log_index = $2`,
    [event.blockNumber, event.logIndex, event.blockTime],
  );
}
