import { type Hex, bytesToHex, zeroHash } from "viem";

import { dataHashOf, tableHead } from "@compute-credits/protocol/data/checkpointData";
import type { TableHashes } from "@compute-credits/protocol/tree/tableHasher";
import { NO_TOTALS, type Totals, findViolations } from "@compute-credits/rules/checkpoints/totals";
import type { StoredCheckpoint } from "./checkpointStore.ts";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { allRows, changedRows } from "./changedRows.ts";
import { halfTheTime } from "./throttle.ts";
import { newestRow } from "./rowsAt.ts";
import { type Step, TreeMismatchError, type TreeOf, updateTree } from "./storedTree.ts";

export interface CutTerms {
  readonly last: StoredCheckpoint | null;
  /** what `advanceTick` said before the snapshot */
  readonly tick: bigint | null;
  readonly maxFeeBps: bigint;
}

/**
 * Writes the next checkpoint, its rows and its tree, of what the transaction's snapshot holds. `null` where nothing
 * changed. Reads what changed since the last one, and no other account.
 */
export async function writeCheckpoint(
  tx: Sql,
  { last, tick, maxFeeBps }: CutTerms,
): Promise<bigint | null> {
  const [moment] = await tx.query<{ id: bigint; cut_at: string; as_of: bigint }>(
    // `as_of` is never ahead of the chain, whose newest block may be older than now: a checkpoint from the future is
    // refused. Nor is it before the last drop, which voids what was cut earlier: a chain that runs ahead of this clock has
    // its drops there. `cut_at` is after the snapshot, which the first query took, and to the microsecond.
    `select (select coalesce(max(id), 0) + 1 from checkpoints) as id, clock_timestamp()::text as cut_at,
       floor(extract(epoch from greatest(least(clock_timestamp(), (select block_time from chain_cursor)),
         (select max(dropped_at) from checkpoints))))::bigint as as_of`,
  );
  if (moment === undefined) throw new Error("the database tells no time");
  const { id } = moment;

  const since = await lastTick(tx, last);
  const changes = await writeChangedRows(tx, { id, last, since });
  if (changes.count === 0n) return null;
  const totals = added(last?.message ?? NO_TOTALS, changes);
  const broken = [
    ...changes.broken.map((party) => `I1 or I3: the row of ${party}`),
    ...findViolations(last?.message ?? NO_TOTALS, totals, { maxFeeBps }),
  ];
  if (broken.length > 0) throw new Error(`the books do not balance: ${broken.join("; ")}`);

  const rowCount = Number(changes.row_count);
  const step = { id, rowCount, last: treeOf(last), giveWay: halfTheTime() };
  const hashes = await updateOrRebuildTree(tx, step);
  const head = tableHead(hashes);
  await tx.query(
    `insert into checkpoints (id, epoch, previous_root, root, spent, refunded, earned, as_of, data_hash, data_head,
       party_count, tick, cut_at)
     overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      id,
      (last?.message.epoch ?? 0n) + 1n,
      bytea(last?.message.root ?? zeroHash),
      bytea(bytesToHex(hashes.root)),
      totals.spent,
      totals.refunded,
      totals.earned,
      moment.as_of,
      bytea(dataHashOf(head)),
      bytea(bytesToHex(head)),
      rowCount,
      tick ?? since,
      moment.cut_at,
    ],
  );
  return id;
}

export function treeOf(checkpoint: StoredCheckpoint | null): TreeOf | null {
  if (checkpoint === null) return null;
  const { id, partyCount: rowCount, message } = checkpoint;
  return { id, rowCount, root: message.root };
}

interface Changes extends Totals {
  readonly count: bigint;
  readonly row_count: bigint;
  /** parties whose row breaks I1 or I3; a few of them */
  readonly broken: readonly Hex[];
}

/**
 * Writes the rows that differ from the last checkpoint's, and gives new parties their places. A place that was given by
 * a checkpoint which was dropped keeps its party, whatever the row says now: places leave no gaps.
 */
async function writeChangedRows(
  tx: Sql,
  { id, last, since }: { id: bigint; last: StoredCheckpoint | null; since: bigint },
): Promise<Changes> {
  // accounts_by_change and earnings_by_change from the last tick on, then everything by its key: accounts_pkey,
  // earnings_of_provider (index-only), places_pkey, checkpoint_rows_of_place
  const [changes] = await tx.query<Changes>(
    `with earning as (
       select provider as party, sum(earned)::bigint as earned from earnings
       where provider in (select provider from earnings where changed_at_tick >= $3) group by provider),
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
         left join lateral ${newestRow("p.place", "$2")} as b on true),
     differing as materialized (
       select * from changed
       where (spent, refunded, earned) is distinct from (spent_before, refunded_before, earned_before)
         or place >= $4),
     given as (
       insert into places (party, place)
       select party, (select coalesce(max(place), -1) from places) + row_number() over (order by party)
       from differing where place is null returning party, place),
     written as (
       insert into checkpoint_rows (checkpoint, place, party, spent, refunded, earned)
       select $1, coalesce(d.place, given.place), d.party, d.spent, d.refunded, d.earned
       from differing d left join given using (party) order by 2)
     select count(*) as count, coalesce(sum(spent - spent_before), 0) as spent,
       coalesce(sum(refunded - refunded_before), 0) as refunded, coalesce(sum(earned - earned_before), 0) as earned,
       (select coalesce(max(place), -1) + 1 from places) + count(*) filter (where place is null) as row_count,
       coalesce((array_agg(party) filter (where spent + refunded > purchased or spent < spent_before
         or refunded < refunded_before or earned < earned_before))[1:5], '{}') as broken
     from differing`,
    [id, last?.id ?? 0n, since, last?.partyCount ?? 0],
  );
  if (changes === undefined) throw new Error("a sum without a row");
  return changes;
}

/** Whatever is not in the last checkpoint was marked with its tick, or later. */
async function lastTick(tx: Sql, last: StoredCheckpoint | null): Promise<bigint> {
  const [found] = await tx.query<{ tick: bigint }>("select tick from checkpoints where id = $1", [
    last?.id ?? 0n,
  ]);
  return found?.tick ?? 0n;
}

function added(totals: Totals, changes: Totals): Totals {
  return {
    spent: totals.spent + changes.spent,
    refunded: totals.refunded + changes.refunded,
    earned: totals.earned + changes.earned,
  };
}

async function updateOrRebuildTree(tx: Sql, step: Step): Promise<TableHashes> {
  try {
    return await updateTree(tx, step, changedRows(tx, step.id));
  } catch (error) {
    if (!(error instanceof TreeMismatchError) || step.last === null) throw error;
    await rebuildTree(tx, step.last);
    return await updateTree(tx, step, changedRows(tx, step.id));
  }
}

/** Makes the stored tree of a checkpoint again from its rows. */
export async function rebuildTree(tx: Sql, tree: TreeOf): Promise<void> {
  await tx.query("delete from tree_pages");
  const hashes = await updateTree(tx, { ...tree, last: null }, allRows(tx, tree));
  if (bytesToHex(hashes.root) !== tree.root) {
    throw new Error(
      `the rows of checkpoint ${tree.id} do not lead to its root ${tree.root}: they were changed after it was cut`,
    );
  }
}
