import { max } from "@compute-credits/protocol/amounts";
import type { CheckpointEntry, LogEntry, LogPosition } from "@compute-credits/rules/log/logEntry";
import { placeKey } from "../../auditor/replay/terms.ts";
import type { MirrorFolder } from "../../auditor/mirror/mirrorFolder.ts";
import { pagesOfSegment } from "./copiedLog.ts";

/** What a replay of the copy must know before it begins. */
export interface CopySummary {
  readonly entries: bigint;
  /** in the order of their cuts */
  readonly checkpoints: readonly CheckpointEntry[];
  /** chain events that the ledger recorded late, and by which transaction */
  readonly missed: readonly { readonly key: string; readonly transaction: bigint }[];
  /** the newest block that the ledger had taken in; 0 before the first with events */
  readonly block: bigint;
  readonly lastOrder: bigint;
  readonly lastTransaction: bigint;
}

/** Reads the whole copy once. */
export async function describeCopy(folder: MirrorFolder): Promise<CopySummary> {
  const checkpoints: CheckpointEntry[] = [];
  const missed: { key: string; transaction: bigint }[] = [];
  let [entries, block, lastOrder, lastTransaction] = [0n, 0n, 0n, 0n];

  function add(entry: LogEntry & LogPosition): void {
    entries++;
    lastOrder = max(lastOrder, entry.order);
    lastTransaction = max(lastTransaction, entry.transaction);
    if (entry.kind === "checkpoint") checkpoints.push(entry);
    if (entry.kind === "blocks") block = max(block, entry.to);
    if (entry.kind !== "missed_events") return;
    block = max(block, entry.upTo);
    for (const place of entry.events) {
      missed.push({ key: placeKey(place), transaction: entry.transaction });
    }
  }

  for await (const { number } of folder.segments()) {
    for await (const page of pagesOfSegment(folder, number)) page.forEach(add);
  }
  checkpoints.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { entries, checkpoints, missed, block, lastOrder, lastTransaction };
}
