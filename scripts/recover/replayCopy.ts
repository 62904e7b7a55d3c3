import { zeroHash } from "viem";

import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { numberArray } from "@compute-credits/platform/postgres/values";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { CheckpointEntry } from "@compute-credits/rules/log/logEntry";
import type { MirrorFolder } from "../../auditor/mirror/mirrorFolder.ts";
import type { Finding } from "../../auditor/replay/finding.ts";
import { isVisible } from "../../auditor/replay/snapshot.ts";
import { createChainStore } from "../../auditor/store/chainStore.ts";
import { readCountingCuts, readLastCut, recordCut } from "../../auditor/store/cutStore.ts";
import type { AuditCutDeps } from "../../auditor/work/auditDeps.ts";
import { ChainBehind, MAX_FINDINGS, replayCut } from "../../auditor/work/replayCut.ts";
import { assignPlaces, hashTable } from "../../auditor/work/reproducedTable.ts";
import { copiedLog } from "./copiedLog.ts";
import type { CopySummary } from "./describeCopy.ts";

export interface ReplayCopyDeps extends Omit<AuditCutDeps, "source" | "database"> {
  readonly folder: MirrorFolder;
  /** an auditor's database, for this replay alone */
  readonly scratch: Database;
  readonly chainSource: ChainSource;
  /** takes a log that an auditor would object to; without it that is a `UsageError` */
  readonly acceptsFindings: boolean;
}

/** A checkpoint of the copy, as the replay came to it. */
export interface ReplayedCheckpoint {
  readonly entry: CheckpointEntry;
  readonly partyCount: bigint;
  readonly dataHead: Uint8Array;
}

/** The state of the copy's end is in the scratch database, and the checkpoints' rows. */
export interface ReplayedCopy {
  readonly checkpoints: readonly ReplayedCheckpoint[];
  /** how often an auditor would object to the log, which is replayed as it is */
  readonly findingCount: number;
}

/**
 * Replays a copy of the log as an auditor does, from its beginning to its end, and keeps the rows of
 * each checkpoint. Throws a `UsageError` if the copy does not lead to a checkpoint's root, or if the
 * endpoints do not have the blocks that the ledger had taken in.
 */
export async function replayCopy(
  { folder, scratch, chainSource, chain, terms, acceptsFindings }: ReplayCopyDeps,
  { checkpoints, missed }: CopySummary,
): Promise<ReplayedCopy> {
  const chainStore = createChainStore(scratch);
  // oxlint-disable-next-line no-await-in-loop -- ranges are read in order
  while ((await indexNextBlocks(chainSource, chainStore)) === "more");
  await scratch.script(ROWS);

  const deps = { chain, terms, source: copiedLog(folder) };
  const findings: Finding[] = [];
  let findingCount = 0;
  const replayed: ReplayedCheckpoint[] = [];

  /** the last counting checkpoint before each; 0 before the first */
  const previousOf = new Map<bigint, bigint>();

  function* idsBefore(id: bigint): Iterable<bigint> {
    for (let at = previousOf.get(id) ?? 0n; at > 0n; at = previousOf.get(at) ?? 0n) yield at;
  }

  /** Replays from the last checkpoint to the snapshot. */
  async function replayTo(tx: Sql, entry: CheckpointEntry): Promise<void> {
    const { id, snapshot } = entry;
    const last = await readLastCut(tx);
    const rules = { releasedEpoch: null, signersSince: 0n };
    const { counts } = await readCountingCuts(tx, entry, rules);
    const isNew = ({ transaction }: { transaction: bigint }) =>
      isVisible(snapshot, transaction) && (last === null || !isVisible(last.snapshot, transaction));
    const named = new Set(missed.filter(isNew).map(({ key }) => key));
    const message = messageOf(entry);
    const cut = { id, message, status: "final", snapshot } as const;
    // Findings are told and do not end the replay: an event that is in the log twice is one.
    const known = { missed: named, mayDouble: true, mayDiffer: false };
    const mostFindings = acceptsFindings ? Number.POSITIVE_INFINITY : MAX_FINDINGS;
    const window = { cut, snapshot, last, counts, known, mostFindings };
    const { entries, ...result } = await replayCut(deps, tx, window);
    findingCount += result.findings.length;
    findings.push(...result.findings.slice(0, MAX_FINDINGS - findings.length));
    if (findingCount > 0 && !acceptsFindings) throw new UsageError(objections(findings));
    await recordCut(tx, { id, message, snapshot, entries });
  }

  try {
    for (const entry of checkpoints) {
      // oxlint-disable-next-line no-await-in-loop -- each builds on the one before
      await scratch.transaction(async (tx) => {
        await replayTo(tx, entry);
        const previous = previousIn(checkpoints, entry);
        previousOf.set(entry.id, previous);
        await assignPlaces(tx);
        const { root, head, rowCount } = await hashTable(tx, entry.id);
        if (root !== entry.root) throw new UsageError(wrongRoot(entry, root));
        const countsBefore = [...idsBefore(entry.id)];
        await tx.query(KEEP_ROWS, [entry.id, previous, numberArray(countsBefore)]);
        replayed.push({ entry, partyCount: BigInt(rowCount), dataHead: head });
      });
    }
    const end = folder.last();
    if (end !== null) {
      await scratch.transaction((tx) => replayTo(tx, afterAll(checkpoints.at(-1), end.upTo)));
    }
  } catch (error) {
    if (!(error instanceof ChainBehind)) throw error;
    throw new UsageError(
      `The endpoints of RPC_URL do not have all blocks that the ledger had read ` +
        `(${error.message}): try again later, or name another endpoint.`,
    );
  }
  return { checkpoints: replayed, findingCount };
}

/** The id of the checkpoint that another one follows by its root; 0 for the first. */
function previousIn(
  checkpoints: readonly CheckpointEntry[],
  { id, epoch, previousRoot }: CheckpointEntry,
): bigint {
  const before = checkpoints.findLast(
    (one) => one.id < id && one.epoch === epoch - 1n && one.root === previousRoot,
  );
  return before?.id ?? 0n;
}

/** More are only counted. */
const MOST_SHOWN = 10;

function objections(findings: readonly Finding[]): string {
  const shown = findings.slice(0, MOST_SHOWN).map(({ text }) => `  - ${text}`);
  return [
    "An auditor with this server's settings would object to the log, so nothing was changed:",
    ...shown,
    "If the settings or the endpoints are wrong, mend them. To take the log as it is, because the " +
      "fee or the write-off account was another then, add --accept-findings.",
  ].join("\n");
}

function messageOf(entry: CheckpointEntry): CheckpointMessage {
  const { epoch, previousRoot, root, spent, refunded, earned, asOf, dataHash } = entry;
  return { epoch, previousRoot, root, spent, refunded, earned, asOf, dataHash };
}

/** What the log has beyond the last checkpoint is replayed as if one were cut at its end. */
function afterAll(last: CheckpointEntry | undefined, snapshot: string): CheckpointEntry {
  const none = {
    kind: "checkpoint",
    epoch: 0n,
    previousRoot: zeroHash,
    root: zeroHash,
    spent: 0n,
    refunded: 0n,
    earned: 0n,
    asOf: 0n,
    dataHash: zeroHash,
    cutAt: "",
  } as const;
  const { epoch = 0n, id = 0n } = last ?? {};
  return { ...none, ...last, epoch: epoch + 1n, id: id + 1n, snapshot };
}

function wrongRoot({ epoch, root }: CheckpointEntry, found: string): string {
  return (
    `The copy leads to the root ${found} at epoch ${epoch}, and the ledger cut ${root}: ` +
    "the copy is not whole, or this program has other rules than the one that cut it. " +
    "Use the version that wrote the log."
  );
}

/** Rows that a checkpoint has and the last counting one before it has not. */
const ROWS = `create table checkpoint_rows (
  checkpoint bigint not null,
  place bigint not null,
  party bytea not null,
  spent bigint not null,
  refunded bigint not null,
  earned bigint not null,
  primary key (checkpoint, place)
);
create index checkpoint_rows_of_place on checkpoint_rows (place, checkpoint)`;

const KEEP_ROWS = `insert into checkpoint_rows
  select $1, place, address, spent, refunded, earned from parties p
  where place is not null and changed_in > $2 and not exists (
    select from (select spent, refunded, earned from checkpoint_rows r
      where r.place = p.place and r.checkpoint = any($3::bigint[])
      order by checkpoint desc limit 1) as before
    where (before.spent, before.refunded, before.earned) = (p.spent, p.refunded, p.earned))`;
