import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea, numberArray } from "@compute-credits/platform/postgres/values";

/** Entries of the log that were seen before a checkpoint held them, as they were recorded. */
export interface WitnessedPage {
  readonly id: bigint;
  /** the newest cut when they were seen; the second one after it must hold them */
  readonly afterCut: bigint;
  readonly firstOrder: bigint;
  readonly lastOrder: bigint;
  /** the oldest that wrote one of them */
  readonly oldestTransaction: bigint;
  readonly count: number;
}

/** A page to record. `texts` and `hashes` are in the same order. */
export interface RecordedPage extends Omit<WitnessedPage, "id" | "count"> {
  /** each a JSON object */
  readonly texts: readonly string[];
  /** each of 64 hex digits */
  readonly hashes: readonly string[];
}

/** All pages, without their contents. */
export async function readPages(sql: Sql): Promise<WitnessedPage[]> {
  // Plan: a scan; the contents are stored apart. A page has thousands of entries.
  return await sql.query<WitnessedPage>(
    `select id, after_cut as "afterCut", first_order as "firstOrder", last_order as "lastOrder",
       oldest_transaction as "oldestTransaction", entry_count as count
     from witnessed_pages order by first_order`,
  );
}

/** The hashes of a page's entries, each of 64 hex digits. */
export async function readHashes(sql: Sql, id: bigint): Promise<string[]> {
  const [found] = await sql.query<{ hashes: string }>(
    "select hashes from witnessed_pages where id = $1",
    [id],
  );
  // The first two characters are `0x`.
  return found?.hashes.slice(2).match(/.{64}/g) ?? [];
}

/** The entries of a page, as they were recorded. */
export async function readBodies(sql: Sql, id: bigint): Promise<unknown[]> {
  const [found] = await sql.query<{ entries: string }>(
    "select entries from witnessed_pages where id = $1",
    [id],
  );
  const bodies: unknown = JSON.parse(found?.entries ?? "[]");
  if (!Array.isArray(bodies)) throw new Error(`page ${id} is no list`);
  return bodies;
}

export async function addPage(sql: Sql, page: RecordedPage): Promise<void> {
  await sql.query(
    `insert into witnessed_pages (after_cut, first_order, last_order, oldest_transaction,
       entry_count, hashes, entries) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      page.afterCut,
      page.firstOrder,
      page.lastOrder,
      page.oldestTransaction,
      page.texts.length,
      bytea(`0x${page.hashes.join("")}`),
      `[${page.texts.join(",")}]`,
    ],
  );
}

export async function deletePages(sql: Sql, ids: readonly bigint[]): Promise<void> {
  if (ids.length === 0) return;
  await sql.query("delete from witnessed_pages where id = any($1::bigint[])", [numberArray(ids)]);
}
