import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import {
  FIRST_HEAD,
  type LogSegment,
  createEntriesHash,
  headAfter,
} from "@compute-credits/rules/log/logChain";
import type { LogSegmentStore, PublishedSegment } from "./logSegmentStore.ts";
import { createUsageLog } from "./postgresUsageLog.ts";
import type { LogCursor, UsageLog } from "./usageLog.ts";

/** Entries in memory at one time. */
const ENTRIES_PER_PAGE = 1_000;

const COLUMNS = `number, since, up_to as "upTo", entries, entries_hash as "entriesHash", head,
  published_at as "publishedAt",
  coalesce((select jsonb_agg(jsonb_build_object(
      'signer', '0x' || encode(signer, 'hex'), 'signature', '0x' || encode(signature, 'hex'))
    order by signer) from log_head_signatures where segment = number), '[]') as signatures`;

export function createLogSegmentStore(database: Database): LogSegmentStore {
  const log = createUsageLog(database);

  return {
    async publish() {
      const last = await readNewest(database);
      const since = last?.upTo ?? null;
      const { upTo, ...hashed } = await hashEntries(log, since);
      if (hashed.entries === 0n) return null;
      const next = { number: (last?.number ?? 0n) + 1n, since, upTo, ...hashed };
      const segment = { ...next, head: headAfter(last?.head ?? FIRST_HEAD, next) };
      return (await insertSegment(database, segment)) ? segment : null;
    },

    newest: () => readNewest(database),

    list: (after, limit) =>
      database.query<PublishedSegment>(
        `select ${COLUMNS} from log_segments where number > $1 order by number limit $2`,
        [after, limit],
      ),

    async addSignature(segment, { signer, signature }: SignerSignature) {
      await database.query(
        `insert into log_head_signatures (segment, signer, signature) values ($1, $2, $3)
         on conflict do nothing`,
        [segment, bytea(signer), bytea(signature)],
      );
    },
  };
}

async function readNewest(sql: Sql): Promise<PublishedSegment | null> {
  const [found] = await sql.query<PublishedSegment>(
    `select ${COLUMNS} from log_segments order by number desc limit 1`,
  );
  return found ?? null;
}

/**
 * Hashes the entries from a snapshot up to one that is taken now. Each page is a transaction of its
 * own: the entries between two snapshots never change, and no lock is held while they are hashed.
 */
async function hashEntries(
  log: Pick<UsageLog, "page">,
  since: string | null,
): Promise<Pick<LogSegment, "upTo" | "entries" | "entriesHash">> {
  const hash = createEntriesHash();
  let upTo: string | null = null;
  let after: LogCursor | null = null;
  do {
    // oxlint-disable-next-line no-await-in-loop -- pages in order
    const page = await log.page({ since, upTo }, after, ENTRIES_PER_PAGE);
    for (const entry of page.entries) hash.add(entry);
    ({ upTo, next: after } = page);
  } while (after !== null);
  return { upTo, ...hash.digest() };
}

/** Returns false if another server published a segment of this number first. */
async function insertSegment(sql: Sql, segment: LogSegment): Promise<boolean> {
  const { number, since, upTo, entries, entriesHash, head } = segment;
  const inserted = await sql.query(
    `insert into log_segments (number, since, up_to, entries, entries_hash, head)
     values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing
     returning number`,
    [number, since, upTo, entries, bytea(entriesHash), bytea(head)],
  );
  return inserted.length > 0;
}
