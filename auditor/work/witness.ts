import { max, min } from "@compute-credits/protocol/amounts";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { LogSource, PublishedCut, SourcePage } from "../log/logSource.ts";
import { includesSnapshot } from "../replay/snapshot.ts";
import { keepAhead } from "../store/earningsAhead.ts";
import {
  type WitnessPosition,
  readWitnessPosition,
  writeWitnessPosition,
} from "../store/witnessPosition.ts";
import { type RecordedPage, addPage } from "../store/witnessedPages.ts";
import type { RecordedHashes } from "./recordedHashes.ts";
import { recordedHash, recordedText, witnessedIn } from "./witnessed.ts";

export interface WitnessDeps {
  readonly database: Database;
  readonly source: LogSource;
  /** remembers what is recorded */
  readonly hashes: RecordedHashes;
  /** called after each page of the log */
  readonly onProgress?: () => void;
}

/**
 * Records the log's entries beyond the newest cut, as far as they were not recorded before. A server
 * can then not remove or change them unnoticed before a checkpoint holds them.
 */
export async function witness(
  { database, source, hashes, onProgress = () => undefined }: WitnessDeps,
  newest: PublishedCut | null,
): Promise<void> {
  let position = beyond(newest, await readWitnessPosition(database));
  const request = ({ since, upTo, cursor, transaction }: WitnessPosition) =>
    source.page({ since, upTo }, cursor, transaction);
  let pending: Promise<SourcePage> | null = request(position);
  let recording: Promise<void> = Promise.resolve();
  try {
    while (pending !== null) {
      // oxlint-disable-next-line no-await-in-loop -- each page names the next
      const page: SourcePage = await pending;
      onProgress();
      const next = after(position, page);
      position = next;
      // Requests the next page while this one is being recorded.
      pending = page.next === null ? null : request(next);
      pending?.catch(() => undefined);
      const recorded = recordedPage(page.entries, newest?.id ?? 0n, hashes);
      // oxlint-disable-next-line no-await-in-loop -- at most one page is being recorded
      await recording;
      recording = database.transaction(async (tx) => {
        if (recorded !== null) await addPage(tx, recorded);
        await keepAhead(tx, page.entries);
        await writeWitnessPosition(tx, next);
      });
      recording.catch(() => undefined);
    }
    await recording;
  } finally {
    // The next call goes on from what is recorded then.
    await recording.catch(() => undefined);
  }
}

/** Leaves out what the newest cut holds, which the audit reads. */
function beyond(newest: PublishedCut | null, position: WitnessPosition): WitnessPosition {
  const snapshot = newest?.snapshot ?? null;
  if (snapshot === null) return position;
  if (position.since !== null && includesSnapshot(position.since, snapshot)) return position;
  return { ...position, since: snapshot, upTo: null, cursor: null };
}

/** The position after a page. Its window ends with the last page. */
function after(position: WitnessPosition, { entries, upTo, next }: SourcePage): WitnessPosition {
  let { transaction } = position;
  for (const entry of entries) {
    if (transaction === null || entry.transaction > transaction) transaction = entry.transaction;
  }
  return next === null
    ? { since: upTo, upTo: null, cursor: null, transaction }
    : { since: position.since, upTo, cursor: next, transaction };
}

/** `null` if the page has nothing to record. */
function recordedPage(
  entries: readonly LogEntry[],
  afterCut: bigint,
  remembered: RecordedHashes,
): RecordedPage | null {
  const seen = witnessedIn(entries);
  const [first] = seen;
  if (first === undefined) return null;
  const texts = seen.map(recordedText);
  const hashes = texts.map(recordedHash);
  remembered.keep(seen, hashes);
  return {
    afterCut,
    firstOrder: seen.reduce((order, entry) => min(order, entry.order), first.order),
    lastOrder: seen.reduce((order, entry) => max(order, entry.order), first.order),
    oldestTransaction: seen.reduce(
      (tx, { transaction }) => min(tx, transaction),
      first.transaction,
    ),
    texts,
    hashes,
  };
}
