import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import { AuditedChainEvent } from "@compute-credits/rules/log/storedJson";

const STORED_TYPES = new Set<ChainEvent["type"]>(
  AuditedChainEvent.options.map(({ shape }) => shape.type.value),
);

/**
 * Creates a store for the chain events that the auditor reads itself, to compare with the log's.
 */
export function createChainStore(
  database: Database,
): Pick<ChainStore, "cursor" | "recordIdle" | "apply"> {
  return {
    cursor: () => readCursor(database),

    // The auditor does not need the chain's time.
    recordIdle: () => Promise.resolve(),

    apply: ({ from, upTo, events }) =>
      database.transaction(async (tx) => {
        const { number, hash } = await readCursor(tx);
        if (number !== from.number || hash !== from.hash) return false;
        await tx.query(
          `insert into chain_events (block_number, log_index, body)
           select (event->>'blockNumber')::bigint, (event->>'logIndex')::integer, event
           from jsonb_array_elements($1::jsonb) as event`,
          [jsonText(events.filter(({ type }) => STORED_TYPES.has(type)))],
        );
        await tx.query(
          "update chain_cursor set block_number = $1, block_hash = $2, block_time = $3",
          [upTo.number, bytea(upTo.hash), upTo.time],
        );
        return true;
      }),
  };
}

/** The last block that the auditor read. Rejects if the database is not claimed yet. */
export async function readCursor(sql: Sql): Promise<BlockPoint> {
  const [cursor] = await sql.query<BlockPoint>(
    "select block_number as number, block_hash as hash, block_time as time from chain_cursor",
  );
  if (cursor === undefined) {
    throw new Error("the auditor's database is not claimed for a deployment yet");
  }
  return cursor;
}

/** The stored events of these blocks, inclusive, in chain order. */
export async function readChainEvents(
  sql: Sql,
  { from, to }: { from: bigint; to: bigint },
): Promise<ChainEvent[]> {
  const records = await sql.query<{ body: unknown }>(
    "select body from chain_events where block_number between $1 and $2 order by block_number, log_index",
    [from, to],
  );
  return records.map(({ body }) => AuditedChainEvent.parse(body));
}

/**
 * Reads the drops of the chain, and returns which checkpoints they void: those dated up to the
 * second of the drop of their epoch and root. The same rows, cut again after it, are good
 * (decisions 0108 and 0115).
 */
export async function readDrops(
  sql: Sql,
): Promise<(message: Pick<CheckpointMessage, "epoch" | "root" | "asOf">) => boolean> {
  // Plan: the whole partial index chain_events_dropped; drops are rare.
  const records = await sql.query<{ name: string; at: Date }>(
    `select (body->>'epoch') || ' ' || (body->>'root') as name,
       max((body->>'blockTime')::timestamptz) as at
     from chain_events where body->>'type' = 'checkpoint_dropped' group by 1`,
  );
  const newest = new Map(records.map(({ name, at }) => [name, at]));
  return ({ epoch, root, asOf }) => {
    const at = newest.get(`${epoch} ${root}`);
    return at !== undefined && Number(asOf) * 1000 <= at.getTime();
  };
}
