import type { Address, Hex } from "viem";
import { zeroHash } from "viem";

import type { Row } from "../../../protocol/row.ts";
import { buildTree } from "../../../protocol/tree.ts";
import { NO_TOTALS, totalsOf, violations } from "../../domain/checkpoints/nextCheckpoint.ts";
import type {
  CheckpointBook,
  CheckpointStatus,
  SignerSignature,
  StoredCheckpoint,
} from "../../ports/checkpointBook.ts";
import type { Database, Sql } from "../../ports/database.ts";
import { writeNotes } from "./logNotes.ts";
import { retrying } from "./retry.ts";
import { bytea, byteaArray, numberArray } from "./values.ts";

/**
 * How late it is on the chain, as far as it has been read. Not the machine's clock: a block that was not read yet may tell
 * of a challenge, and a checkpoint on top of one that is dropped would be signed in vain, and twice for its epoch.
 */
const CHAIN_TIME = "(select greatest(block_time, quiet_at) from chain_cursor)";

export const CHECKPOINT_COLUMNS = `id, epoch, previous_root, root, spent, refunded, earned, as_of, data_hash, party_count,
  (select jsonb_agg(jsonb_build_object('signer', '0x' || encode(signer, 'hex'), 'signature', '0x' || encode(signature, 'hex'))
    order by signer) from checkpoint_signatures where checkpoint = checkpoints.id) as signatures,
  final_at, transaction_hash, signing_at,
  case when abandoned_at is not null then 'abandoned' when dropped then 'dropped' when final_at is null then 'prepared'
    when final_at > ${CHAIN_TIME} then 'pending'
    when exists (select from challenges where checkpoint = checkpoints.id and outcome is null) then 'pending'
    else 'final' end as status`;

const COUNTS = "status not in ('dropped', 'abandoned')";

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
  /** by signer, ascending */
  readonly signatures: SignerSignature[] | null;
  readonly signing_at: Date | null;
  readonly final_at: Date | null;
  readonly transaction_hash: Hex | null;
  readonly status: CheckpointStatus;
}

/** The rows that a checkpoint holds: each party's newest up to it. `$1` is the checkpoint's id. */
const ROWS_AT = `select distinct on (place) party, r.spent, r.refunded, r.earned, place
  from checkpoint_rows r join places using (party) join checkpoints c on c.id = r.checkpoint
  where r.checkpoint <= $1 and not c.dropped
  order by place, r.checkpoint desc`;

export function postgresCheckpointBook(database: Database): CheckpointBook {
  return {
    latest: () => latestIn(database),
    latestFinal: () => one(database, "status = 'final'"),
    byEpoch: (epoch) => one(database, `epoch = $1 and ${COUNTS}`, [epoch]),

    async list({ before, limit }) {
      const records = await database.query<CheckpointRecord>(
        `select ${CHECKPOINT_COLUMNS} from checkpoints
         where $1::bigint is null or id < $1 order by id desc limit $2`,
        [before, limit],
      );
      return records.map(toCheckpoint);
    },

    async rows(id) {
      const records = await database.query<Row>(ROWS_AT, [id]);
      return records.map(toRow);
    },

    async proofs(id, parties) {
      const wanted = new Set(parties);
      const rows = (await database.query<Row>(ROWS_AT, [id])).map(toRow);
      const tree = buildTree(rows);
      return rows.flatMap((row, place) =>
        wanted.has(row.party) ? [{ row, proof: tree.proof(place) }] : [],
      );
    },

    async refundRows(id, limit) {
      const records = await database.query<Row>(
        `select due.party, due.spent, due.refunded, due.earned from (${ROWS_AT}) as due
         left join settlements s using (party)
         where due.refunded > coalesce(s.refunded, 0)
           or (due.spent > coalesce(s.spent, 0)
             and exists (select from refund_requests r where r.account = due.party and not r.served))
         order by (select min(r.block_number) from refund_requests r where r.account = due.party and not r.served),
           place
         limit $2`,
        [id, limit],
      );
      return records.map(toRow);
    },

    async cut(build, maxFeeBps) {
      if (isUnderWay(await latestIn(database))) return null;
      await serveRefunds(database);
      const cutId = await retrying(() =>
        database.transaction((tx) => cutSnapshot(tx, build, maxFeeBps), {
          isolation: "repeatable read",
        }),
      );
      return cutId === null ? null : await one(database, "id = $1", [cutId]);
    },
  };
}

async function one(
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

function latestIn(sql: Sql): Promise<StoredCheckpoint | null> {
  return one(sql, COUNTS);
}

/** The next one has to wait until this one is final. */
function isUnderWay(checkpoint: StoredCheckpoint | null): boolean {
  return checkpoint !== null && checkpoint.status !== "final";
}

/** What was set aside for refunds goes into the rows. Locks the accounts in the one order that all keep. */
async function serveRefunds(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    const due = await tx.query<{ address: Address; refunding: bigint }>(
      "select address, refunding from accounts where refunding > 0 order by address for update",
    );
    await tx.query(
      `update accounts set refunded = refunded + refunding, refunding = 0 where address = any($1::bytea[])`,
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
  });
}

async function cutSnapshot(
  tx: Sql,
  build: Parameters<CheckpointBook["cut"]>[0],
  maxFeeBps: bigint,
): Promise<bigint | null> {
  // Locks come before the first query, which is what freezes the snapshot: it sees all that they waited for. One server
  // cuts at a time, and no event is taken back between the snapshot that holds it and the checkpoint that says so.
  await tx.query("lock table checkpoints in share row exclusive mode");
  await tx.query("lock table voids in share mode");
  const last = await latestIn(tx);
  if (isUnderWay(last)) return null;

  const lastId = last?.id ?? 0n;
  const changed = await changedRows(tx, lastId);
  if (changed.length === 0) return null;

  const [sums] = await tx.query<{ purchased: bigint; as_of: bigint }>(
    // Never ahead of the chain, whose newest block may be older than now: a checkpoint from the future is refused. Nor
    // before the last drop, which voids what was cut earlier: a chain that runs ahead of this clock has its drops there.
    `select coalesce(sum(purchased), 0) as purchased, floor(extract(epoch from
       greatest(least(clock_timestamp(), (select block_time from chain_cursor)),
         (select max(dropped_at) from checkpoints))))::bigint as as_of
     from accounts`,
  );
  if (sums === undefined) throw new Error("a sum without a row");

  await tx.query(
    `insert into places (party, place)
     select party, coalesce((select max(place) from places), -1) + ordinality
     from unnest($1::bytea[]) with ordinality as new (party, ordinality)
     where not exists (select from places where places.party = new.party)`,
    [byteaArray(await newParties(tx, changed))],
  );

  const rows = await rowsAfter(tx, lastId, changed);
  const totals = totalsOf(rows);
  const broken = violations(last?.message ?? NO_TOTALS, totals, {
    maxFeeBps,
    purchasedMicros: sums.purchased,
  });
  if (broken.length > 0) throw new Error(`the books do not balance: ${broken.join("; ")}`);

  const { root, dataHash } = build(rows);
  const [stored] = await tx.query<{ id: bigint }>(
    `insert into checkpoints (epoch, previous_root, root, spent, refunded, earned, as_of, data_hash, party_count)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
    [
      (last?.message.epoch ?? 0n) + 1n,
      bytea(last?.message.root ?? zeroHash),
      bytea(root),
      totals.spent,
      totals.refunded,
      totals.earned,
      sums.as_of,
      bytea(dataHash),
      rows.length,
    ],
  );
  if (stored === undefined) throw new Error("an insert without a row");

  await tx.query(
    `insert into checkpoint_rows (checkpoint, party, spent, refunded, earned)
     select $1, * from unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[])`,
    [
      stored.id,
      byteaArray(changed.map(({ party }) => party)),
      numberArray(changed.map(({ spent }) => spent)),
      numberArray(changed.map(({ refunded }) => refunded)),
      numberArray(changed.map(({ earned }) => earned)),
    ],
  );
  return stored.id;
}

/** Every party whose numbers differ from its row in the last checkpoint. */
async function changedRows(tx: Sql, lastId: bigint): Promise<Row[]> {
  const records = await tx.query<Row>(
    `with earned as (select provider as party, sum(earned) as earned from earnings group by provider),
       current as (
         select coalesce(a.address, e.party) as party, coalesce(a.spent, 0) as spent,
           coalesce(a.refunded, 0) as refunded, coalesce(e.earned, 0) as earned
         from accounts a full join earned e on e.party = a.address),
       last as (${ROWS_AT})
     select current.party, current.spent, current.refunded, current.earned
     from current left join last using (party)
     where (current.spent, current.refunded, current.earned)
       is distinct from (coalesce(last.spent, 0), coalesce(last.refunded, 0), coalesce(last.earned, 0))
     order by current.party`,
    [lastId],
  );
  return records.map(toRow);
}

async function newParties(tx: Sql, changed: readonly Row[]): Promise<Address[]> {
  const parties = byteaArray(changed.map(({ party }) => party));
  const known = await tx.query<{ party: Address }>(
    "select party from places where party = any($1::bytea[])",
    [parties],
  );
  const places = new Set(known.map(({ party }) => party));
  return changed.map(({ party }) => party).filter((party) => !places.has(party));
}

/** The rows of the last checkpoint with the changes in them, in the order of their places. */
async function rowsAfter(tx: Sql, lastId: bigint, changed: readonly Row[]): Promise<Row[]> {
  const before = (await tx.query<Row>(ROWS_AT, [lastId])).map(toRow);
  const byParty = new Map([...before, ...changed].map((row) => [row.party, row]));
  const order = await tx.query<{ party: Address }>("select party from places order by place");
  return order.flatMap(({ party }) => byParty.get(party) ?? []);
}

function toRow({ party, spent, refunded, earned }: Row): Row {
  return { party, spent, refunded, earned };
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
