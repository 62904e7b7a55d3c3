import type { Address, Hex } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { PublishedSignature } from "@compute-credits/platform/signing/publishedSignatures";
import type { Finding } from "../replay/finding.ts";
import { readDrops } from "./chainStore.ts";
import { CheckpointJson } from "@compute-credits/protocol/json/checkpoint";

/** A checkpoint that the auditor reproduced. */
export interface AgreedCut {
  readonly id: bigint;
  readonly message: CheckpointMessage;
  readonly snapshot: string;
}

interface CutRecord {
  readonly id: bigint;
  readonly message: unknown;
  readonly snapshot: string;
}

/** The newest agreed cut; `null` before the first. */
export async function readLastCut(sql: Sql): Promise<AgreedCut | null> {
  const [record] = await sql.query<CutRecord>(
    "select id, message, snapshot from cuts order by id desc limit 1",
  );
  return record === undefined ? null : { ...record, message: CheckpointJson.parse(record.message) };
}

/** Only this many newest cuts can still be dropped. All older ones count for good. */
const DROPPABLE_CUTS = 100;

/**
 * Finds the cuts that count before a checkpoint of `message.epoch`, and the one that it follows.
 * The finding reports a second root for an epoch that this auditor signed, unless that is released
 * or is not younger than the last change of signers (then it can no longer reach the chain).
 */
export async function readCountingCuts(
  sql: Sql,
  message: CheckpointMessage,
  { releasedEpoch, signersSince }: { releasedEpoch: bigint | null; signersSince: bigint },
): Promise<{
  counts: (cut: bigint) => boolean;
  before: { previous: CheckpointMessage | null; finding: Finding | null };
}> {
  const newest = await sql.query<CutRecord>(
    "select id, message, snapshot from cuts order by id desc limit $1",
    [DROPPABLE_CUTS],
  );
  const records = newest.toReversed();
  const isDropped = await readDrops(sql);
  const counting = new Map<bigint, { id: bigint; message: CheckpointMessage }>();
  let finding: Finding | null = null;
  for (const { id, message: stored } of records) {
    const before = CheckpointJson.parse(stored);
    if (isDropped(before)) continue;
    counting.set(before.epoch, { id, message: before });
  }
  // A server may abandon a checkpoint and cut the epoch again, unless this auditor has signed it.
  const same = counting.get(message.epoch);
  if (same !== undefined) {
    const signed = await readSignature(sql, same.id);
    const isReleased = message.epoch === releasedEpoch || same.message.asOf <= signersSince;
    if (signed !== null && !isReleased && same.message.root !== message.root) {
      finding = {
        kind: "signed_another",
        party: null,
        event: null,
        expected: same.message.root,
        actual: message.root,
        differenceMicros: null,
        text: `epoch ${message.epoch} was signed with the root ${same.message.root}, which the chain has not dropped: this auditor signs no second root`,
      };
    }
    counting.delete(message.epoch);
  }
  const previous = [...counting.values()].filter((cut) => cut.message.epoch < message.epoch).at(-1);
  const ids = new Set([...counting.values()].map(({ id }) => id));
  const oldest = records[0]?.id ?? 0n;
  return {
    counts: (cut) => ids.has(cut) || cut < oldest,
    before: { previous: previous?.message ?? null, finding },
  };
}

/**
 * Names the stored state: every cut that is recorded makes another, whichever process records it.
 * It is the transaction that wrote the row of `position` last.
 */
export async function readStateVersion(sql: Sql): Promise<string> {
  const [found] = await sql.query<{ version: string }>(
    "select cut || ' ' || xmin as version from position",
  );
  if (found === undefined) throw new Error("this database belongs to no auditor yet");
  return found.version;
}

/** Records a cut as agreed: the next one is replayed from here. */
export async function recordCut(
  tx: Sql,
  { id, message, snapshot, entries }: AgreedCut & { readonly entries: number },
): Promise<void> {
  await tx.query(
    "insert into cuts (id, epoch, root, snapshot, message, entries) values ($1, $2, $3, $4, $5, $6)",
    [id, message.epoch, bytea(message.root), snapshot, jsonText(message), entries],
  );
  await tx.query("update position set cut = $1", [id]);
}

/** This auditor's signature of a checkpoint. */
export interface StoredSignature {
  readonly cut: bigint;
  readonly epoch: bigint;
  readonly root: Hex;
  readonly signature: Hex;
  /** whether the server has accepted it */
  readonly sent: boolean;
}

/** How many checkpoints back other co-signers may want to see what was signed. */
const PUBLISHED_SIGNATURES = 16;

/** The newest signatures with their checkpoints, newest first. Those of a former replay are left out. */
export async function readNewestSignatures(
  sql: Sql,
  signer: Address,
): Promise<readonly PublishedSignature[]> {
  const records = await sql.query<{ message: unknown; signature: Hex }>(
    `select message, signature from signatures join cuts on cuts.id = cut
     order by cut desc limit $1`,
    [PUBLISHED_SIGNATURES],
  );
  return records.map(({ message, signature }) => ({
    checkpoint: CheckpointJson.parse(message),
    signer,
    signature,
  }));
}

/** This auditor's signature of a cut; `null` if it has not signed it. */
export async function readSignature(sql: Sql, cut: bigint): Promise<StoredSignature | null> {
  const [record] = await sql.query<StoredSignature>(
    "select cut, epoch, root, signature, sent from signatures where cut = $1",
    [cut],
  );
  return record ?? null;
}
