import type { Hex } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { Finding } from "../replay/finding.ts";
import { droppedOnChain } from "./chainStore.ts";
import { CheckpointJson } from "@compute-credits/protocol/json/checkpoint";

/** A checkpoint that could be reproduced. */
export interface CutBefore {
  readonly id: bigint;
  readonly message: CheckpointMessage;
  readonly snapshot: string;
}

interface CutRecord {
  readonly id: bigint;
  readonly message: unknown;
  readonly snapshot: string;
}

export async function lastCut(sql: Sql): Promise<CutBefore | null> {
  const [record] = await sql.query<CutRecord>(
    "select id, message, snapshot from cuts order by id desc limit 1",
  );
  return record === undefined ? null : { ...record, message: CheckpointJson.parse(record.message) };
}

/** Only the newest can be dropped; those before this many count for ever. */
const CUTS_THAT_MAY_FALL = 100;

/** Which cuts count before one of this epoch, and what it follows. */
export async function cutsThatCount(
  sql: Sql,
  message: CheckpointMessage,
  { releasedEpoch, signersSince }: { releasedEpoch: bigint | null; signersSince: bigint },
): Promise<{
  counts: (cut: bigint) => boolean;
  before: { previous: CheckpointMessage | null; finding: Finding | null };
}> {
  const newest = await sql.query<CutRecord>(
    "select id, message, snapshot from cuts order by id desc limit $1",
    [CUTS_THAT_MAY_FALL],
  );
  const records = newest.toReversed();
  const dropped = await droppedOnChain(sql);
  const counting = new Map<bigint, { id: bigint; message: CheckpointMessage }>();
  let finding: Finding | null = null;
  for (const { id, message: stored } of records) {
    const before = CheckpointJson.parse(stored);
    if (dropped.has(`${before.epoch} ${before.root}`)) continue;
    counting.set(before.epoch, { id, message: before });
  }
  // One that was never on chain may be given up and cut anew, unless this auditor has signed it.
  const same = counting.get(message.epoch);
  if (same !== undefined) {
    const signed = await signedOf(sql, same.id);
    // What was cut before the signers changed comes on chain no more, whoever signed it.
    const isReleased = message.epoch === releasedEpoch || same.message.asOf < signersSince;
    if (signed !== null && !isReleased && same.message.root !== message.root) {
      finding = {
        kind: "signed_another",
        party: null,
        event: null,
        expected: same.message.root,
        actual: message.root,
        differenceMicros: null,
        text: `epoch ${message.epoch} was signed with the root ${same.message.root}, and the chain has not dropped that: another is not signed for it`,
      };
    }
    counting.delete(message.epoch);
  }
  const previous = [...counting.values()]
    .map((cut) => cut.message)
    .filter(({ epoch }) => epoch < message.epoch)
    .at(-1);
  const ids = new Set([...counting.values()].map(({ id }) => id));
  const oldest = records[0]?.id ?? 0n;
  return {
    counts: (cut) => ids.has(cut) || cut < oldest,
    before: { previous: previous ?? null, finding },
  };
}

export interface KeptSignature {
  readonly cut: bigint;
  readonly epoch: bigint;
  readonly root: Hex;
  readonly signature: Hex;
  readonly sent: boolean;
}

export async function signedOf(sql: Sql, cut: bigint): Promise<KeptSignature | null> {
  const [record] = await sql.query<KeptSignature>(
    "select cut, epoch, root, signature, sent from signatures where cut = $1",
    [cut],
  );
  return record ?? null;
}
