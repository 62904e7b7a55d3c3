import type { Hex } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { LogSegment } from "@compute-credits/rules/log/logChain";
import { canonicalText } from "@compute-credits/rules/log/canonicalText";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { createUsageLog } from "../../server/stores/feed/postgresUsageLog.ts";
import type { LogCursor } from "../../server/stores/feed/usageLog.ts";
import type { MirrorFolder } from "../../auditor/mirror/mirrorFolder.ts";

/** Entries in memory at one time. */
const PAGE_ENTRIES = 1_000;

/** How a ledger and a copy of its log compare. */
export interface ComparedCopy {
  /** the last segment that both have; `null` if the ledger has published none */
  readonly shared: LogSegment | null;
  /** the log orders of entries beyond it that the ledger has, too */
  readonly known: ReadonlySet<bigint>;
  /** it has nothing but what the migrations write, which the copy has, too */
  readonly isNew: boolean;
}

/**
 * Checks that a ledger is an older state of what the copy holds: it has nothing that the copy lacks.
 * Throws a `UsageError` if not, because a recovery would leave two histories in one ledger.
 */
export async function compareCopy(database: Database, folder: MirrorFolder): Promise<ComparedCopy> {
  const heads = new Map<bigint, Hex>();
  const published = await database.query<{ number: bigint; head: Hex }>(
    "select number, head from log_segments order by number",
  );
  for (const { number, head } of published) heads.set(number, head);

  if (heads.size === 0) {
    const all = await readBeyond(database, null);
    if ([...all.values()].every(isFirstRule))
      return { shared: null, known: new Set(), isNew: true };
  }

  let shared: LogSegment | null = null;
  const newest = BigInt(heads.size);
  const known = new Set<bigint>();
  let beyond: Map<bigint, string> | null = null;
  for await (const segment of folder.segments()) {
    if (segment.number <= newest) {
      if (heads.get(segment.number) !== segment.head) throw otherHistory(segment.number);
      shared = segment;
      continue;
    }
    beyond ??= await readBeyond(database, shared);
    if (beyond.size === 0) break;
    for await (const entry of folder.entries(segment.number)) {
      const { order } = entry as { order?: unknown };
      const key = BigInt(String(order));
      const here = beyond.get(key);
      if (here === undefined) continue;
      if (here !== canonicalText(entry)) throw otherHistory(segment.number);
      beyond.delete(key);
      known.add(key);
    }
  }
  if (shared !== null && shared.number < newest) throw notOlder();
  beyond ??= await readBeyond(database, shared);
  if (beyond.size > 0) throw notOlder();
  return { shared, known, isNew: false };
}

/** Reads what the ledger has logged after a segment. */
async function readBeyond(
  database: Database,
  shared: LogSegment | null,
): Promise<Map<bigint, string>> {
  const log = createUsageLog(database);
  const found = new Map<bigint, string>();
  let upTo: string | null = null;
  let after: LogCursor | null = null;
  do {
    // oxlint-disable-next-line no-await-in-loop -- pages in order
    const page = await log.page({ since: shared?.upTo ?? null, upTo }, after, PAGE_ENTRIES);
    for (const entry of page.entries) {
      found.set(entry.order, canonicalText(JSON.parse(jsonText(entry))));
    }
    ({ upTo, next: after } = page);
  } while (after !== null);
  return found;
}

function isFirstRule(text: string): boolean {
  return text.includes('"kind":"rule"');
}

function notOlder(): UsageError {
  return new UsageError(
    "This database has log entries that the copy does not have. If servers ran on it after it was " +
      "restored, restore it again and start none. A backup from before an upgrade of this program " +
      "cannot be used: recover an empty database. If it is the newer one, it needs no recovery.",
  );
}

function otherHistory(segment: bigint): UsageError {
  return new UsageError(
    `This database and the copy differ in segment ${segment} of the log: they are not of one ` +
      "ledger, or one of them was changed.",
  );
}
