import type { LogSource, SourcePage } from "../../auditor/log/logSource.ts";
import type { MirrorFolder } from "../../auditor/mirror/mirrorFolder.ts";
import { isVisible } from "../../auditor/replay/snapshot.ts";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import { Entry } from "@compute-credits/rules/log/logEntrySchema";

/** Entries in memory at one time, but for those of a segment that a window splits. */
const PAGE_ENTRIES = 1_000;

/** Yields the entries of a segment of the copy, in pages. */
export async function* pagesOfSegment(
  folder: MirrorFolder,
  segment: bigint,
): AsyncGenerator<readonly LogEntry[]> {
  let page: LogEntry[] = [];
  for await (const entry of folder.entries(segment)) {
    page.push(Entry.parse(entry));
    if (page.length < PAGE_ENTRIES) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/**
 * Reads a copy of the log window by window, each from where the last one ended, for a replay. Within
 * a window the segments follow each other: a transaction enters the log after those that it waited
 * for, so each account's entries are in order.
 */
export function copiedLog(folder: MirrorFolder): Pick<LogSource, "page"> {
  const segments = folder.segments()[Symbol.asyncIterator]();
  let beyond: readonly LogEntry[] = [];
  let pages: AsyncGenerator<readonly LogEntry[]> | null = null;
  let ahead: readonly LogEntry[] | null = null;

  async function* window(upTo: string | null): AsyncGenerator<readonly LogEntry[]> {
    const isWithin = ({ transaction }: LogEntry) => upTo === null || isVisible(upTo, transaction);
    const left = beyond;
    beyond = left.filter((entry) => !isWithin(entry));
    yield left.filter(isWithin);
    while (beyond.length === 0) {
      // oxlint-disable-next-line no-await-in-loop -- in order
      const next = await segments.next();
      if (next.done === true) return;
      for await (const page of pagesOfSegment(folder, next.value.number)) {
        beyond = [...beyond, ...page.filter((entry) => !isWithin(entry))];
        yield page.filter(isWithin);
      }
    }
  }

  return {
    async page({ upTo }, cursor): Promise<SourcePage> {
      if (cursor === null || pages === null) {
        pages = window(upTo);
        ahead = await nextOf(pages);
      }
      const entries = ahead ?? [];
      ahead = await nextOf(pages);
      return { entries, upTo: upTo ?? "", next: ahead === null ? null : "next" };
    },
  };
}

async function nextOf(
  pages: AsyncGenerator<readonly LogEntry[]>,
): Promise<readonly LogEntry[] | null> {
  const next = await pages.next();
  return next.done === true ? null : next.value;
}
