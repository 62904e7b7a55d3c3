import type { Hex } from "viem";

import { HASH_BYTES } from "../../../../protocol/keccak/batchKeccak.ts";
import { emptyNode } from "../../../../protocol/levels.ts";
import type { Sql } from "../../../ports/database.ts";
import { numberArray } from "../values.ts";

/** A page has sixteen neighbouring nodes; the page above has one node for it. */
export const PAGE_LEVELS = 4;
export const PAGE_NODES = 2 ** PAGE_LEVELS;
export const PAGE_BYTES = PAGE_NODES * HASH_BYTES;

/** Which checkpoint's pages, and which page. */
export interface PageKey {
  readonly level: number;
  readonly page: number;
}

/**
 * The pages as they were at a checkpoint, in the order of the keys, with the checkpoint that wrote each. One that is not
 * stored is left out.
 */
export async function readPages(
  sql: Sql,
  id: bigint,
  keys: readonly PageKey[],
): Promise<ReadonlyMap<PageKey, StoredPage>> {
  const found = new Map<PageKey, StoredPage>();
  // Almost always the newest version of a page is the one: the other is asked for where it is not.
  for (const version of ["newest", "before"] as const) {
    const missing = keys.filter((key) => !found.has(key));
    // oxlint-disable-next-line no-await-in-loop -- see above
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
  const suffix = version === "newest" ? "" : "_before";
  // tree_pages by primary key, one row for each key
  return await sql.query<StoredPage & { n: number }>(
    `select n::integer as n, t.checkpoint${suffix} as checkpoint, t.nodes${suffix} as nodes
     from unnest($2::smallint[], $3::bigint[]) with ordinality as wanted (level, page, n)
       join tree_pages t using (level, page)
     where t.checkpoint${suffix} <= $1 and t.checkpoint${suffix} <> all (array(select id from checkpoints where dropped))`,
    [id, numberArray(keys.map(({ level }) => level)), numberArray(keys.map(({ page }) => page))],
  );
}

export interface StoredPage {
  readonly checkpoint: bigint;
  readonly nodes: Hex;
}

/**
 * Writes pages of one level, one behind the other in `nodes`, in the order of `pages`. The version of the checkpoint that
 * `kept` says, for each of them, stays beside the new one.
 */
export async function writePages(
  tx: Sql,
  id: bigint,
  level: number,
  {
    pages,
    kept,
    nodes,
  }: { pages: readonly number[]; kept: readonly (bigint | null)[]; nodes: Uint8Array },
): Promise<void> {
  // One parameter that is cut into pieces, and as bytes: a list of them takes three times as long to parse, hexadecimal
  // digits a third longer.
  await tx.query(
    `insert into tree_pages as t (level, page, checkpoint, nodes, checkpoint_before)
     select $1, page, $2, substring($5::bytea from (n - 1)::integer * ${PAGE_BYTES} + 1 for ${PAGE_BYTES}), nullif(kept, 0)
     from unnest($3::bigint[], $4::bigint[]) with ordinality as written (page, kept, n)
     on conflict (level, page) do update set checkpoint = excluded.checkpoint, nodes = excluded.nodes,
       checkpoint_before = excluded.checkpoint_before, nodes_before =
         case excluded.checkpoint_before when t.checkpoint then t.nodes when t.checkpoint_before then t.nodes_before end`,
    [level, id, numberArray(pages), numberArray(kept.map((known) => known ?? 0n)), nodes],
  );
}

/** A page of empty rows, at its level. */
export function emptyPage(level: number): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  for (let node = 0; node < PAGE_NODES; node++) {
    page.set(emptyNode(level * PAGE_LEVELS), node * HASH_BYTES);
  }
  return page;
}
