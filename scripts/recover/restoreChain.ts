import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import { placeKey } from "../../auditor/replay/terms.ts";
import { applyChainEvent } from "../../server/stores/chain/applyChainEvent.ts";
import { dateBack } from "../../server/stores/chain/chainHistory.ts";
import { readCursor } from "../../server/stores/chain/chainLocks.ts";
import { applyMissed } from "../../server/stores/chain/repairEvents.ts";
import { eventsOfRange } from "../reindex/eventsOfRange.ts";
import type { CopySummary } from "./describeCopy.ts";

export interface RestoreChainDeps {
  readonly tx: Sql;
  readonly chainSource: ChainSource;
  /** reads the block of a number */
  readonly blockPoint: (number: bigint) => Promise<BlockPoint>;
}

/**
 * Records the events of the chain up to the last block that the log names. The log has their entries
 * already. What they change of an account, the replay tells.
 */
export async function restoreChain(
  { tx, chainSource, blockPoint }: RestoreChainDeps,
  { block, missed }: Pick<CopySummary, "block" | "missed">,
): Promise<void> {
  const cursor = await readCursor(tx, "for update");
  await restoreMissed({ tx, chainSource, blockPoint }, missed, cursor.number);
  if (block <= cursor.number) return;
  for await (const { events } of eventsOfRange(chainSource, cursor, block)) {
    for (const event of events) {
      if (event.type === "checkpoint_submitted" || event.type === "checkpoint_dropped") {
        // oxlint-disable-next-line no-await-in-loop -- the order on the chain is the order in the ledger
        await choose(tx, event);
      }
      // oxlint-disable-next-line no-await-in-loop
      await applyChainEvent(tx, event);
      // oxlint-disable-next-line no-await-in-loop
      await dateBack(tx, event);
    }
  }
  const upTo = await blockPoint(block);
  await tx.query(
    `update chain_cursor set block_number = $1, block_hash = $2, block_time = $3,
       seen_at = clock_timestamp(), quiet_at = null`,
    [upTo.number, bytea(upTo.hash), upTo.time],
  );
}

/**
 * Several checkpoints of an epoch may have one root: the same rows are cut again after a drop. The
 * chain's next event about it is about the oldest that was neither submitted nor dropped yet.
 */
async function choose(
  tx: Sql,
  { epoch, root }: Extract<ChainEvent, { type: "checkpoint_submitted" | "checkpoint_dropped" }>,
): Promise<void> {
  const pending = await tx.query(
    `select from checkpoints where epoch = $1 and root = $2 and not dropped
       and submitted_block is not null`,
    [epoch, bytea(root)],
  );
  if (pending.length > 0) return;
  const [next] = await tx.query<{ id: bigint }>(
    `select min(id) as id from checkpoints where epoch = $1 and root = $2
       and submitted_block is null and dropped_at is null having min(id) is not null`,
    [epoch, bytea(root)],
  );
  if (next === undefined) return;
  await tx.query(
    `update checkpoints set dropped = true, abandoned_at = clock_timestamp(), signing_at = null
     where epoch = $1 and id <> $2 and not dropped and submitted_block is null`,
    [epoch, next.id],
  );
  await tx.query("update checkpoints set dropped = false, abandoned_at = null where id = $1", [
    next.id,
  ]);
}

/** Events of blocks that the ledger had read, and recorded after this copy of it was made. */
async function restoreMissed(
  { tx, chainSource, blockPoint }: RestoreChainDeps,
  missed: CopySummary["missed"],
  upTo: bigint,
): Promise<void> {
  const named = new Set(missed.map(({ key }) => key));
  const blocks = new Set([...named].map((key) => BigInt(key.split(" ")[0] ?? 0)));
  for (const block of blocks) {
    if (block > upTo) continue;
    // oxlint-disable-next-line no-await-in-loop -- one connection
    const before = await blockPoint(block - 1n);
    for await (const { events } of eventsOfRange(chainSource, before, block)) {
      const here = events.filter(({ blockNumber }) => blockNumber === block);
      const repaired = await applyMissed(
        tx,
        here.filter((event) => named.has(placeKey({ ...event, block: event.blockNumber }))),
      );
      // oxlint-disable-next-line no-await-in-loop
      for (const event of repaired) await dateBack(tx, event);
    }
  }
}
