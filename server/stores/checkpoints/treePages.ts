import type { Hex } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { numberArray } from "@compute-credits/platform/postgres/values";
import { PAGE_BYTES, type Undo, applyUndo } from "./page.ts";

/** A page's position in the tree: level 0 holds the leaves. */
export interface PageKey {
  readonly level: number;
  readonly page: number;
}

/**
 * Reads pages as of a checkpoint, each with the checkpoint that wrote it. Pages that are not stored
 * are left out.
 */
export async function readPages(
  sql: Sql,
  id: bigint,
  keys: readonly PageKey[],
): Promise<ReadonlyMap<PageKey, StoredPage>> {
  const found = new Map<PageKey, StoredPage>();
  // The newest version of a page is almost always the right one, so the previous one is a second
  // query.
  for (const version of ["newest", "before"] as const) {
    const missing = keys.filter((key) => !found.has(key));
    // oxlint-disable-next-line no-await-in-loop -- the second query depends on the first
    for (const { n, checkpoint, nodes } of await readVersions(sql, id, missing, version)) {
      const key = missing[n - 1];
      if (key !== undefined) found.set(key, { checkpoint, nodes });
    }
  }
  return found;
}

async function readVersions(
  sql: Sql,
  id: bigint,
  keys: readonly PageKey[],
  version: "newest" | "before",
): Promise<readonly (StoredPage & { n: number })[]> {
  if (keys.length === 0) return [];
  const [checkpoint, undo] =
    version === "newest" ? ["checkpoint", "null::bytea"] : ["checkpoint_before", "undo"];
  // Plan: tree_pages by primary key, one row per key.
  const records = await sql.query<StoredPage & { n: number; undo: Hex | null }>(
    `select n::integer as n, t.${checkpoint} as checkpoint, t.nodes, ${undo} as undo
     from unnest($2::smallint[], $3::bigint[]) with ordinality as wanted (level, page, n)
       join tree_pages t using (level, page)
     where t.${checkpoint} <= $1
       and t.${checkpoint} <> all (array(select id from checkpoints where dropped))`,
    [id, numberArray(keys.map(({ level }) => level)), numberArray(keys.map(({ page }) => page))],
  );
  if (version === "newest") return records;
  return records.map((page) => ({ ...page, nodes: applyUndo(page.nodes, page.undo ?? "0x") }));
}

export interface StoredPage {
  readonly checkpoint: bigint;
  readonly nodes: Hex;
}

/**
 * Writes pages of one level, concatenated in `nodes` in the order of `pages`. `undo` restores each
 * page's previous version, that of the checkpoint in `kept` (`null` for a new page).
 */
export async function writePages(
  tx: Sql,
  id: bigint,
  level: number,
  {
    pages,
    kept,
    nodes,
    undo,
  }: {
    pages: readonly number[];
    kept: readonly (bigint | null)[];
    nodes: Uint8Array;
    undo: Undo;
  },
): Promise<void> {
  // Bytes that the statement splits itself: PostgreSQL takes three times as long to parse an array,
  // and a third longer to parse hexadecimal digits.
  await tx.query(
    `insert into tree_pages (level, page, checkpoint, nodes, checkpoint_before, undo)
     select $1, page, $2,
       substring($5::bytea from (n - 1)::integer * ${PAGE_BYTES} + 1 for ${PAGE_BYTES}),
       nullif(kept, 0),
       case when kept > 0 then substring($6::bytea from undo_from + 1 for undo_to - undo_from) end
     from unnest($3::bigint[], $4::bigint[], $7::integer[], $8::integer[])
       with ordinality as written (page, kept, undo_from, undo_to, n)
     on conflict (level, page) do update set checkpoint = excluded.checkpoint,
       nodes = excluded.nodes, checkpoint_before = excluded.checkpoint_before,
       undo = excluded.undo`,
    [
      level,
      id,
      numberArray(pages),
      numberArray(kept.map((known) => known ?? 0n)),
      nodes,
      undo.bytes,
      numberArray([0, ...undo.ends.slice(0, -1)]),
      numberArray(undo.ends),
    ],
  );
}
