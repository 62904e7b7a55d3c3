import { changedRows } from "../../server/stores/checkpoints/changedRows.ts";
import { CURRENT_TICK } from "../../server/stores/log/changeTick.ts";
import { rebuildTree, toStoredTree } from "../../server/stores/checkpoints/cutSnapshot.ts";
import { updateTree } from "../../server/stores/checkpoints/storedTree.ts";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../server/stores/checkpoints/checkpointStore.ts";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { seconds } from "../ratio.ts";

export const MAX_FEE_BPS = 10_000n;

/** Every account spends a little: as debits leave it, without their log. */
export async function spendEverywhere(database: Database): Promise<void> {
  await database.query(
    `update accounts set spent = spent + 1000, changed_at_tick = ${CURRENT_TICK}`,
  );
}

/** So many accounts, chosen evenly at random, spend a little more. */
export async function spendSomewhere(
  database: Database,
  { accounts, changed }: { accounts: number; changed: number },
): Promise<void> {
  await database.query(
    `update accounts set spent = spent + 10, changed_at_tick = ${CURRENT_TICK}
     where address in (select decode(lpad(to_hex(1 + floor(random() * $1)::bigint), 40, '0'), 'hex')
       from generate_series(1, $2::bigint))`,
    [accounts, changed],
  );
}

export async function cutOne(book: CheckpointStore): Promise<StoredCheckpoint> {
  const checkpoint = await book.cut(MAX_FEE_BPS);
  if (checkpoint === null) throw new Error("there was something to cut");
  return checkpoint;
}

export async function makeFinal(database: Database, { id }: StoredCheckpoint): Promise<void> {
  await database.query(
    "update checkpoints set final_at = 'epoch', submitted_block = 1 where id = $1",
    [id],
  );
}

class RolledBack extends Error {}

/** Seconds that `work` takes in a transaction that then never was. */
async function undone(database: Database, work: (tx: Sql) => Promise<number>): Promise<number> {
  let took = 0;
  await database
    .transaction(async (tx) => {
      took = await work(tx);
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  return took;
}

/** The stored tree, brought from `last` to a checkpoint in which the rows that it changed change again: read, hash and write. */
export function incrementalTree(database: Database, last: StoredCheckpoint): Promise<number> {
  return undone(database, async (tx) => {
    const id = last.id + 1n;
    await tx.query(
      `insert into checkpoint_rows (checkpoint, place, party, spent, refunded, earned)
       select $2, place, party, spent + 1, refunded, earned from checkpoint_rows where checkpoint = $1`,
      [last.id, id],
    );
    const step = { id, rowCount: last.partyCount, last: toStoredTree(last) };
    return await seconds(() => updateTree(tx, step, changedRows(tx, id)));
  });
}

/** The stored tree of `now`, made from all of its rows: read, hash and write everything. */
export function fullTree(database: Database, now: StoredCheckpoint): Promise<number> {
  return undone(database, async (tx) => {
    const tree = toStoredTree(now);
    if (tree === null) throw new Error("no checkpoint");
    await tx.query("delete from tree_pages");
    return await seconds(() => rebuildTree(tx, tree));
  });
}
