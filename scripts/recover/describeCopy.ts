import type { Hex } from "viem";

import { max } from "@compute-credits/protocol/amounts";
import type { CheckpointEntry, LogEntry, LogPosition } from "@compute-credits/rules/log/logEntry";
import { placeKey } from "../../auditor/replay/terms.ts";
import type { MirrorFolder } from "../../auditor/mirror/mirrorFolder.ts";
import { pagesOfSegment } from "./copiedLog.ts";

/** What a replay of the copy must know before it begins. */
export interface CopySummary {
  /** in the order of their cuts */
  readonly checkpoints: readonly CheckpointEntry[];
  /** chain events that the ledger recorded late, and by which transaction */
  readonly missed: readonly { readonly key: string; readonly transaction: bigint }[];
  /** the newest block that the ledger had taken in; 0 before the first with events */
  readonly block: bigint;
  /** blocks that an operator let the indexer pass */
  readonly passedBlocks: ReadonlySet<Hex>;
  /** no entry, segment or checkpoint knows of a later transaction */
  readonly lastTransaction: bigint;
}

/** Reads the whole copy once. */
export async function describeCopy(folder: MirrorFolder): Promise<CopySummary> {
  const checkpoints: CheckpointEntry[] = [];
  const missed: { key: string; transaction: bigint }[] = [];
  const passedBlocks = new Set<Hex>();
  let [block, lastTransaction] = [0n, 0n];

  function add(entry: LogEntry & LogPosition): void {
    lastTransaction = max(lastTransaction, entry.transaction);
    if (entry.kind === "checkpoint") {
      checkpoints.push(entry);
      lastTransaction = max(lastTransaction, newestSeen(entry.snapshot));
    }
    if (entry.kind === "passed_block") passedBlocks.add(entry.hash);
    if (entry.kind === "blocks") block = max(block, entry.to);
    if (entry.kind !== "missed_events") return;
    block = max(block, entry.upTo);
    for (const place of entry.events) {
      missed.push({ key: placeKey(place), transaction: entry.transaction });
    }
  }

  for await (const { number, upTo } of folder.segments()) {
    lastTransaction = max(lastTransaction, newestSeen(upTo));
    for await (const page of pagesOfSegment(folder, number)) page.forEach(add);
  }
  checkpoints.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { checkpoints, missed, block, passedBlocks, lastTransaction };
}

/** The newest transaction that a PostgreSQL snapshot may see: later ones must stay unseen. */
function newestSeen(snapshot: string): bigint {
  const [, xmax = "1"] = snapshot.split(":");
  return BigInt(xmax) - 1n;
}
