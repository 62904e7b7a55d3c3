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

/** Makes every account spend a little, like debits, but without a log. */
export async function spendOnAllAccounts(database: Database): Promise<void> {
  await database.query(
    `update accounts set spent = spent + 1000, changed_at_tick = ${CURRENT_TICK}`,
  );
}

/** Makes about `changed` random accounts spend a little more. */
export async function spendOnSomeAccounts(
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

export async function cutOne(checkpoints: CheckpointStore): Promise<StoredCheckpoint> {
  const checkpoint = await checkpoints.cut(MAX_FEE_BPS);
  if (checkpoint === null) throw new Error("nothing was cut");
  return checkpoint;
}

export async function makeFinal(database: Database, { id }: StoredCheckpoint): Promise<void> {
  await database.query(
    "update checkpoints set final_at = 'epoch', submitted_block = 1 where id = $1",
    [id],
  );
}

class RollBack extends Error {}

/** Runs `work` in a transaction that is rolled back. Returns its result. */
async function inRolledBackTransaction(
  database: Database,
  work: (tx: Sql) => Promise<number>,
): Promise<number> {
  let took = 0;
  await database
    .transaction(async (tx) => {
      took = await work(tx);
      throw new RollBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RollBack)) throw error;
    });
  return took;
}

/**
 * Measures the seconds of an incremental update: read, hash and write. The new checkpoint changes
 * the same rows as `last`.
 */
export function incrementalTree(database: Database, last: StoredCheckpoint): Promise<number> {
  return inRolledBackTransaction(database, async (tx) => {
    const id = last.id + 1n;
    await tx.query(
      `insert into checkpoint_rows (checkpoint, place, party, spent, refunded, earned)
       select $2, place, party, spent + 1, refunded, earned from checkpoint_rows
         where checkpoint = $1`,
      [last.id, id],
    );
    const update = { id, rowCount: last.partyCount, last: toStoredTree(last) };
    return await seconds(() => updateTree(tx, update, changedRows(tx, id)));
  });
}

/**
 * Measures the seconds to rebuild a checkpoint's stored tree from all of its rows: read, hash and
 * write.
 */
export function fullTree(database: Database, checkpoint: StoredCheckpoint): Promise<number> {
  return inRolledBackTransaction(database, async (tx) => {
    const tree = toStoredTree(checkpoint);
    if (tree === null) throw new Error("no checkpoint");
    await tx.query("delete from tree_pages");
    return await seconds(() => rebuildTree(tx, tree));
  });
}
