import { type Hex, bytesToHex } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { changedRows } from "../../server/stores/checkpoints/changedRows.ts";
import { rebuildTree } from "../../server/stores/checkpoints/cutSnapshot.ts";
import { type StoredTree, updateTree } from "../../server/stores/checkpoints/storedTree.ts";
import { insertRecord } from "../../server/stores/insertRecord.ts";
import { insertRows } from "./insertRows.ts";
import type { ReplayedCheckpoint } from "./replayCopy.ts";

export interface RestoreCheckpointsDeps {
  readonly tx: Sql;
  readonly scratch: Database;
  readonly tick: bigint;
}

/**
 * Writes the checkpoints that the ledger lacks, without their rows. They count as abandoned until the
 * chain tells that they were submitted: an epoch may have several.
 */
export async function insertCheckpoints(
  { tx, tick }: RestoreCheckpointsDeps,
  checkpoints: readonly ReplayedCheckpoint[],
): Promise<void> {
  for (const { entry, partyCount, dataHead } of checkpoints) {
    // oxlint-disable-next-line no-await-in-loop -- in the order of their cuts
    const known = await tx.query("select from checkpoints where id = $1", [entry.id]);
    if (known.length > 0) continue;
    // oxlint-disable-next-line no-await-in-loop
    await insertRecord(
      tx,
      "checkpoints",
      {
        id: entry.id,
        epoch: entry.epoch,
        previous_root: bytea(entry.previousRoot),
        root: bytea(entry.root),
        spent: entry.spent,
        refunded: entry.refunded,
        earned: entry.earned,
        as_of: entry.asOf,
        data_hash: bytea(entry.dataHash),
        data_head: bytea(bytesToHex(dataHead)),
        party_count: partyCount,
        tick,
        cut_at: entry.cutAt,
        created_at: entry.cutAt,
        snapshot: entry.snapshot,
        dropped: true,
        abandoned_at: entry.cutAt,
      },
      { overriding: "overriding system value" },
    );
  }
}

/** Rows in memory at one time. */
const PAGE_ROWS = 1_000;

/**
 * Writes the rows of all checkpoints and the tree of the newest two. Call it when the chain has told
 * which of them were dropped.
 */
export async function restoreRows(
  deps: RestoreCheckpointsDeps,
  checkpoints: readonly ReplayedCheckpoint[],
  isSigned: (epoch: bigint, root: Hex) => boolean,
): Promise<void> {
  const { tx } = deps;
  // The newest of an epoch counts if none was submitted, and another one that the backup had, too,
  // was given up for it.
  await tx.query(
    `update checkpoints c set dropped = true, abandoned_at = clock_timestamp(), signing_at = null
     where not dropped and submitted_block is null
       and id < (select max(id) from checkpoints where epoch = c.epoch)`,
  );
  await tx.query(
    `update checkpoints c set dropped = false, abandoned_at = null
     where abandoned_at is not null and dropped_at is null
       and id = (select max(id) from checkpoints where epoch = c.epoch)
       and not exists (select from checkpoints where epoch = c.epoch and not dropped)`,
  );
  // Co-signers get the time anew in which a checkpoint waits for them: their signatures are lost.
  await tx.query(
    `update checkpoints set created_at = clock_timestamp()
     where not dropped and submitted_block is null`,
  );
  for (const { entry } of checkpoints) {
    const isSubmitted = "submitted_block is not null";
    // oxlint-disable-next-line no-await-in-loop -- one connection
    await tx.query(
      `update checkpoints set signing_at = cut_at
       where id = $1 and signing_at is null and abandoned_at is null and (${isSubmitted} or $2)`,
      [entry.id, isSigned(entry.epoch, entry.root)],
    );
    // oxlint-disable-next-line no-await-in-loop
    await copyRows(deps, entry.id);
  }
  const trees = await tx.query<StoredTree & { rowCount: number }>(
    `select id, party_count::integer as "rowCount", root from checkpoints
     where not dropped order by id desc limit 2`,
  );
  const [newest, before] = trees;
  if (newest === undefined) return;
  await rebuildTree(tx, before ?? newest);
  if (before === undefined) return;
  const tree = { ...newest, last: before };
  const { root } = await updateTree(tx, tree, changedRows(tx, newest.id));
  if (bytesToHex(root) !== newest.root) {
    throw new Error(`the restored rows of checkpoint ${newest.id} lead to another root`);
  }
}

async function copyRows({ tx, scratch }: RestoreCheckpointsDeps, id: bigint): Promise<void> {
  for (let after = -1n; ;) {
    // oxlint-disable-next-line no-await-in-loop -- pages bound the memory
    const rows: { place: bigint; party: Hex }[] = await scratch.query(
      `select checkpoint, place, party, spent, refunded, earned from checkpoint_rows
       where checkpoint = $1 and place > $2 order by place limit ${PAGE_ROWS}`,
      [id, after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.place;
    const records = rows.map((row) => ({ ...row, party: bytea(row.party) }));
    // oxlint-disable-next-line no-await-in-loop
    await insertRows(tx, "places", "party bytea, place bigint", records);
    // oxlint-disable-next-line no-await-in-loop
    await insertRows(
      tx,
      "checkpoint_rows",
      "checkpoint bigint, place bigint, party bytea, spent bigint, refunded bigint, earned bigint",
      records,
    );
  }
}
