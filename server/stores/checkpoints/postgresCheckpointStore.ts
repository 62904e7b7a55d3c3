import type { Address, Hex } from "viem";

import type { CheckpointStatus } from "@compute-credits/rules/log/checkpointStatus";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { Row } from "@compute-credits/protocol/tree/row";
import { bytesToRows } from "@compute-credits/protocol/tree/rowBytes";
import type { CheckpointStore, StoredCheckpoint, UncoveredRow } from "./checkpointStore.ts";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { writeNotes } from "../log/writeNotes.ts";
import { allRows } from "./changedRows.ts";
import { CURRENT_TICK, advanceTick } from "../log/changeTick.ts";
import { toStoredTree, writeCheckpoint } from "./cutSnapshot.ts";
import { proveRows } from "./proofs.ts";
import { newestRowSql } from "./rowsAt.ts";
import type { StoredTree } from "./storedTree.ts";
import {
  LOCKING_WORKER_LIMITS,
  WORKER_LIMITS,
} from "@compute-credits/platform/postgres/sessionLimits";
import { withLimits } from "@compute-credits/platform/postgres/withLimits";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";

/**
 * SQL: the chain's time as of the last indexed block. Not the database's clock: an unread block may
 * contain a challenge, and a checkpoint on top of a dropped one would lead to two signed roots for
 * its epoch.
 */
const CHAIN_TIME = "(select greatest(block_time, quiet_at) from chain_cursor)";

export const CHECKPOINT_COLUMNS = `id, epoch, previous_root, root, spent, refunded, earned, as_of,
  data_hash, party_count,
  (select jsonb_agg(jsonb_build_object(
      'signer', '0x' || encode(signer, 'hex'), 'signature', '0x' || encode(signature, 'hex'))
    order by signer) from checkpoint_signatures where checkpoint = checkpoints.id) as signatures,
  final_at, transaction_hash, signing_at,
  case when abandoned_at is not null then 'abandoned'
    when dropped then 'dropped'
    when final_at is null then 'prepared'
    when final_at > ${CHAIN_TIME} then 'pending'
    when exists (select from challenges where checkpoint = checkpoints.id and outcome is null)
      then 'pending'
    else 'final' end as status`;

/** SQL: the id of the newest final checkpoint; null before the first. Plan: backwards, by id. */
export const FINAL_CHECKPOINT = `(select id from checkpoints where not dropped
  and abandoned_at is null and final_at <= ${CHAIN_TIME}
  and not exists (select from challenges where checkpoint = checkpoints.id and outcome is null)
  order by id desc limit 1)`;

const NOT_DROPPED = "status not in ('dropped', 'abandoned')";

export interface CheckpointRecord {
  readonly id: bigint;
  readonly epoch: bigint;
  readonly previous_root: Hex;
  readonly root: Hex;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  readonly as_of: bigint;
  readonly data_hash: Hex;
  readonly party_count: bigint;
  /** ascending by signer */
  readonly signatures: SignerSignature[] | null;
  readonly signing_at: Date | null;
  readonly final_at: Date | null;
  readonly transaction_hash: Hex | null;
  readonly status: CheckpointStatus;
}

export function createCheckpointStore(database: Database): CheckpointStore {
  const patient = withLimits(database, WORKER_LIMITS);
  return {
    latest: () => readLatest(database),
    latestFinal: () => readOne(database, "status = 'final'"),
    byEpoch: (epoch) => readOne(database, `epoch = $1 and ${NOT_DROPPED}`, [epoch]),

    async isKnown(epoch, root) {
      const found = await database.query(
        "select from checkpoints where epoch = $1 and root = $2 limit 1",
        [epoch, bytea(root)],
      );
      return found.length > 0;
    },

    async list({ before, limit }) {
      const records = await database.query<CheckpointRecord>(
        `select ${CHECKPOINT_COLUMNS} from checkpoints
         where $1::bigint is null or id < $1 order by id desc limit $2`,
        [before, limit],
      );
      return records.map(toCheckpoint);
    },

    async rows(id) {
      const parts: Row[] = [];
      for await (const { bytes } of allRows(database, await readTree(database, id))) {
        parts.push(...bytesToRows(bytes));
      }
      return parts;
    },

    async proofs(id, parties) {
      return await proveRows(database, await readTree(database, id), parties);
    },

    async refundRows(id, { limit, except = [], withoutSpending = false }) {
      return await patient.query<Row>(
        // Plan: open_refund_requests and accounts_refunded, then lookups by key.
        `with asked as (
           select account as party, min(block_number) as block_number from refund_requests
             where not served group by account),
         candidates as (
           select party from asked union select address from accounts where refunded > 0)
         select due.party, due.spent, due.refunded, due.earned
         from candidates join places p using (party)
           cross join lateral ${newestRowSql("p.place", "$1")} as due
           left join settlements s on s.party = due.party left join asked on asked.party = due.party
         where (due.refunded > coalesce(s.refunded, 0)
             or (due.spent > coalesce(s.spent, 0) and asked.party is not null and not $4))
           and due.party <> all ($3::bytea[])
         order by asked.block_number, p.place
         limit $2`,
        [id, limit, byteaArray(except), withoutSpending],
      );
    },

    async rowsWorthSettling(id, minMicros, { limit, except = [], withoutSpending = false }) {
      return await patient.query<Row>(
        // Plan: a scan of places_pkey, then lookups by key. Runs once per final checkpoint.
        `select party, spent, refunded, earned from (
           select due.*, p.place, case when $5 then 0 else due.spent - coalesce(s.spent, 0) end as newly_spent,
             due.earned - coalesce(s.earned, 0) as newly_earned
           from places p cross join lateral ${newestRowSql("p.place", "$1")} as due
             left join settlements s on s.party = due.party) as due
         where greatest(newly_spent, newly_earned) >= $2 and party <> all ($4::bytea[])
         order by newly_spent >= $2 desc, greatest(newly_spent, newly_earned) desc, place
         limit $3`,
        [id, minMicros, limit, byteaArray(except), withoutSpending],
      );
    },

    async rowsToCover(id, { limit, except = [], counterGraceSeconds }) {
      return await patient.query<UncoveredRow>(
        // Plan: a scan of places_pkey, then lookups by key. Only in a vault with a limit.
        `select due.party, due.spent, due.refunded, due.earned,
           exists (select from refund_requests r where r.account = due.party and not r.served)
             or exists (select from ended_counters e where e.account = due.party
               and e.ended_at >= ${CHAIN_TIME} - $4 * interval '1 second') as "isUrgent"
         from places p cross join lateral ${newestRowSql("p.place", "$1")} as due
           left join settlements s on s.party = due.party
         where due.spent > coalesce(s.spent, 0) and due.party <> all ($3::bytea[])
         order by "isUrgent" desc, due.spent - coalesce(s.spent, 0) desc, p.place limit $2`,
        [id, limit, byteaArray(except), counterGraceSeconds],
      );
    },

    async cut(maxFeeBps) {
      if (isPending(await readLatest(database))) return null;
      await serveRefunds(database);
      const tick = await advanceTick(database);
      const id = await withRetries(() =>
        patient.transaction((tx) => cutSnapshot(tx, { tick, maxFeeBps }), {
          isolation: "repeatable read",
        }),
      );
      return id === null ? null : await readOne(database, "id = $1", [id]);
    },
  };
}

async function readTree(sql: Sql, id: bigint): Promise<StoredTree> {
  const tree = toStoredTree(await readOne(sql, "id = $1", [id]));
  if (tree === null) throw new RangeError(`there is no checkpoint ${id}`);
  return tree;
}

async function readOne(
  sql: Sql,
  condition: string,
  values: readonly unknown[] = [],
): Promise<StoredCheckpoint | null> {
  const [record] = await sql.query<CheckpointRecord>(
    `select * from (select ${CHECKPOINT_COLUMNS} from checkpoints) as checkpoint
     where ${condition} order by id desc limit 1`,
    values,
  );
  return record === undefined ? null : toCheckpoint(record);
}

function readLatest(sql: Sql): Promise<StoredCheckpoint | null> {
  return readOne(sql, NOT_DROPPED);
}

/** The next cut waits until this checkpoint is final. */
function isPending(checkpoint: StoredCheckpoint | null): boolean {
  return checkpoint !== null && checkpoint.status !== "final";
}

/**
 * Moves the credits set aside for refunds into the rows. Locks accounts by address, the global lock
 * order.
 */
async function serveRefunds(database: Database): Promise<void> {
  await database.transaction(moveRefunds, { limits: LOCKING_WORKER_LIMITS });
}

async function moveRefunds(tx: Sql): Promise<void> {
  const due = await tx.query<{ address: Address; refunding: bigint }>(
    "select address, refunding from accounts where refunding > 0 order by address for update",
  );
  await tx.query(
    `update accounts set refunded = refunded + refunding, refunding = 0,
       changed_at_tick = ${CURRENT_TICK} where address = any($1::bytea[])`,
    [byteaArray(due.map(({ address }) => address))],
  );
  await writeNotes(
    tx,
    due.map(({ address: account, refunding: amountMicros }) => ({
      kind: "refund",
      account,
      amountMicros,
    })),
  );
}

async function cutSnapshot(
  tx: Sql,
  options: { tick: bigint | null; maxFeeBps: bigint },
): Promise<bigint | null> {
  // The locks come first: under repeatable read the first query takes the snapshot, which then
  // includes all that the locks waited for. One server cuts at a time, and no event is voided
  // between its snapshot and the commit of the checkpoint that contains it.
  await tx.query("lock table checkpoints in share row exclusive mode");
  await tx.query("lock table voids in share mode");
  const last = await readLatest(tx);
  return isPending(last) ? null : await writeCheckpoint(tx, { last, ...options });
}

export function toCheckpoint(record: CheckpointRecord): StoredCheckpoint {
  return {
    id: record.id,
    message: {
      epoch: record.epoch,
      previousRoot: record.previous_root,
      root: record.root,
      spent: record.spent,
      refunded: record.refunded,
      earned: record.earned,
      asOf: record.as_of,
      dataHash: record.data_hash,
    },
    partyCount: Number(record.party_count),
    status: record.status,
    finalAt: record.final_at,
    transactionHash: record.transaction_hash,
    signatures: record.signatures ?? [],
    isSigning: record.signing_at !== null,
  };
}
