import { type Hex, bytesToHex, zeroHash } from "viem";

import { dataHashOf, tableHead } from "@compute-credits/protocol/data/checkpointData";
import type { TableHashes } from "@compute-credits/protocol/tree/tableHasher";
import { NO_TOTALS, type Totals, findViolations } from "@compute-credits/rules/checkpoints/totals";
import type { StoredCheckpoint } from "./checkpointStore.ts";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { insertRecord } from "../insertRecord.ts";
import { allRows, changedRows } from "./changedRows.ts";
import { createThrottle } from "./throttle.ts";
import { newestRowSql } from "./rowsAt.ts";
import { type TreeUpdate, TreeMismatchError, type StoredTree, updateTree } from "./storedTree.ts";

export interface CutOptions {
  readonly last: StoredCheckpoint | null;
  /** the result of `advanceTick` before the snapshot; `null` if it gave up */
  readonly tick: bigint | null;
  readonly maxFeeBps: bigint;
}

/**
 * Writes the next checkpoint with its rows and tree from the transaction's snapshot. Returns its
 * id, or `null` if nothing changed. Reads only accounts that changed since the last checkpoint.
 */
export async function writeCheckpoint(
  tx: Sql,
  { last, tick, maxFeeBps }: CutOptions,
): Promise<bigint | null> {
  const [moment] = await tx.query<{ id: bigint; cut_at: string; as_of: bigint }>(
    // `as_of` is at most the newest block's time, because the contract refuses future checkpoints.
    // It is at least one second after the last drop, because a drop voids all that is dated up to
    // its second. If the newest block is that of the drop, the contract refuses the checkpoint until
    // the next block, and the settler sends it again. `cut_at` is later than the snapshot, which the first query took, with
    // microseconds.
    `select (select coalesce(max(id), 0) + 1 from checkpoints) as id,
       clock_timestamp()::text as cut_at,
       floor(extract(epoch from greatest(
         least(clock_timestamp(), (select block_time from chain_cursor)),
         (select max(dropped_at) + interval '1 second' from checkpoints))))::bigint as as_of`,
  );
  if (moment === undefined) throw new Error("the database returned no time");
  const { id } = moment;

  const since = await lastTick(tx, last);
  const changes = await writeChangedRows(tx, { id, last, since });
  if (changes.count === 0n) return null;
  const totals = addChanges(last?.message ?? NO_TOTALS, changes);
  const problems = [
    ...changes.violators.map((party) => `I1 or I3: the row of ${party}`),
    ...findViolations(last?.message ?? NO_TOTALS, totals, { maxFeeBps }),
  ];
  if (problems.length > 0) throw new Error(`the books do not balance: ${problems.join("; ")}`);

  const rowCount = Number(changes.row_count);
  const update = { id, rowCount, last: toStoredTree(last), throttle: createThrottle() };
  const hashes = await updateOrRebuildTree(tx, update);
  const head = tableHead(hashes);
  await insertRecord(
    tx,
    "checkpoints",
    {
      id,
      epoch: (last?.message.epoch ?? 0n) + 1n,
      previous_root: bytea(last?.message.root ?? zeroHash),
      root: bytea(bytesToHex(hashes.root)),
      spent: totals.spent,
      refunded: totals.refunded,
      earned: totals.earned,
      as_of: moment.as_of,
      data_hash: bytea(dataHashOf(head)),
      data_head: bytea(bytesToHex(head)),
      party_count: rowCount,
      tick: tick ?? since,
      cut_at: moment.cut_at,
    },
    { overriding: "overriding system value" },
  );
  await logCheckpoint(tx, id);
  return id;
}

/** Writes the entry `checkpoint`, in the format of `CheckpointNote`, which a restored ledger needs. */
async function logCheckpoint(tx: Sql, id: bigint): Promise<void> {
  await tx.query(
    `insert into log_notes (kind, body)
     select 'checkpoint', jsonb_build_object('id', id::text, 'epoch', epoch::text,
       'previousRoot', '0x' || encode(previous_root, 'hex'), 'root', '0x' || encode(root, 'hex'),
       'spent', spent::text, 'refunded', refunded::text, 'earned', earned::text,
       'asOf', as_of::text, 'dataHash', '0x' || encode(data_hash, 'hex'),
       'snapshot', snapshot, 'cutAt', cut_at::text)
     from checkpoints where id = $1`,
    [id],
  );
}

export function toStoredTree(checkpoint: StoredCheckpoint | null): StoredTree | null {
  if (checkpoint === null) return null;
  const { id, partyCount: rowCount, message } = checkpoint;
  return { id, rowCount, root: message.root };
}

interface Changes extends Totals {
  readonly count: bigint;
  readonly row_count: bigint;
  /** up to five parties whose row violates I1 or I3 */
  readonly violators: readonly Hex[];
}

/**
 * Writes the rows that differ from the last checkpoint's and assigns places to new parties. A place
 * that a dropped checkpoint assigned keeps its party, even if the row is unchanged, so that places
 * have no gaps.
 */
async function writeChangedRows(
  tx: Sql,
  { id, last, since }: { id: bigint; last: StoredCheckpoint | null; since: bigint },
): Promise<Changes> {
  // Plan: accounts_by_change and earnings_by_change from the last tick on, then lookups by key:
  // accounts_pkey, earnings_of_provider (index-only), places_pkey, checkpoint_rows_of_place.
  const [changes] = await tx.query<Changes>(
    `with earning as (
       select provider as party, sum(earned)::bigint as earned from earnings
       where provider in (select provider from earnings where changed_at_tick >= $3)
         group by provider),
     marked as (
       select address as party, purchased, spent, refunded from accounts where changed_at_tick >= $3
       union all
       select party, coalesce(purchased, 0), coalesce(spent, 0), coalesce(refunded, 0)
       from (select party from earning union select party from places where place >= $4) as others
         left join accounts on address = party
       where changed_at_tick is null or changed_at_tick < $3),
     changed as materialized (
       select marked.*, p.place, coalesce(earning.earned, b.earned, 0) as earned,
         coalesce(b.spent, 0) as spent_before, coalesce(b.refunded, 0) as refunded_before,
         coalesce(b.earned, 0) as earned_before
       from marked left join earning using (party) left join places p using (party)
         left join lateral ${newestRowSql("p.place", "$2")} as b on true),
     differing as materialized (
       select * from changed
       where (spent, refunded, earned)
           is distinct from (spent_before, refunded_before, earned_before)
         or place >= $4),
     given as (
       insert into places (party, place)
       select party,
         (select coalesce(max(place), -1) from places) + row_number() over (order by party)
       from differing where place is null returning party, place),
     written as (
       insert into checkpoint_rows (checkpoint, place, party, spent, refunded, earned)
       select $1, coalesce(d.place, given.place), d.party, d.spent, d.refunded, d.earned
       from differing d left join given using (party) order by 2)
     select count(*) as count, coalesce(sum(spent - spent_before), 0) as spent,
       coalesce(sum(refunded - refunded_before), 0) as refunded,
       coalesce(sum(earned - earned_before), 0) as earned,
       (select coalesce(max(place), -1) + 1 from places)
         + count(*) filter (where place is null) as row_count,
       coalesce((array_agg(party) filter (where spent + refunded > purchased or spent < spent_before
         or refunded < refunded_before or earned < earned_before))[1:5], '{}') as violators
     from differing`,
    [id, last?.id ?? 0n, since, last?.partyCount ?? 0],
  );
  if (changes === undefined) throw new Error("an aggregate returned no row");
  return changes;
}

/**
 * Reads the last checkpoint's tick. Every change that it does not contain is marked with this tick
 * or a later one.
 */
async function lastTick(tx: Sql, last: StoredCheckpoint | null): Promise<bigint> {
  const [found] = await tx.query<{ tick: bigint }>("select tick from checkpoints where id = $1", [
    last?.id ?? 0n,
  ]);
  return found?.tick ?? 0n;
}

function addChanges(totals: Totals, changes: Totals): Totals {
  return {
    spent: totals.spent + changes.spent,
    refunded: totals.refunded + changes.refunded,
    earned: totals.earned + changes.earned,
  };
}

async function updateOrRebuildTree(tx: Sql, update: TreeUpdate): Promise<TableHashes> {
  try {
    return await updateTree(tx, update, changedRows(tx, update.id));
  } catch (error) {
    if (!(error instanceof TreeMismatchError) || update.last === null) throw error;
    await rebuildTree(tx, update.last);
    return await updateTree(tx, update, changedRows(tx, update.id));
  }
}

/** Rebuilds a checkpoint's stored tree from its rows. Throws if they do not lead to its root. */
export async function rebuildTree(tx: Sql, tree: StoredTree): Promise<void> {
  await tx.query("delete from tree_pages");
  const hashes = await updateTree(tx, { ...tree, last: null }, allRows(tx, tree));
  if (bytesToHex(hashes.root) !== tree.root) {
    throw new Error(
      `the rows of checkpoint ${tree.id} do not lead to its root ${tree.root}: ` +
        "they were changed after it was cut",
    );
  }
}
