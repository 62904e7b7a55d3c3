import type { Hex } from "viem";

import { HASH_BYTES } from "../../../../protocol/keccak/batchKeccak.ts";
import { climb, emptyNode } from "../../../../protocol/levels.ts";
import type { Sql } from "../../../ports/database.ts";
import { numberArray } from "../values.ts";
import { toBytes } from "./rowsAt.ts";

/** A page has sixteen neighbouring nodes; the page above has one node for it. */
export const PAGE_LEVELS = 4;
export const PAGE_NODES = 2 ** PAGE_LEVELS;
export const PAGE_BYTES = PAGE_NODES * HASH_BYTES;

/** Which checkpoint's pages, and which page. */
export interface PageKey {
  readonly level: number;
  readonly page: number;
}

/** The pages up to a checkpoint: their nodes, and the checkpoint that wrote them. Those that are missing are left out. */
export async function readPages(
  sql: Sql,
  id: bigint,
  keys: readonly PageKey[],
): Promise<Map<string, StoredPage>> {
  if (keys.length === 0) return new Map();
  // tree_pages by primary key, backwards, one row for each key
  const records = await sql.query<{ level: number; page: bigint; checkpoint: bigint; nodes: Hex }>(
    `select wanted.level, wanted.page, newest.checkpoint, newest.nodes
     from unnest($2::smallint[], $3::bigint[]) as wanted (level, page) cross join lateral (
       select checkpoint, nodes from tree_pages t
       where t.level = wanted.level and t.page = wanted.page and t.checkpoint <= $1
         and not exists (select from checkpoints dead where dead.id = t.checkpoint and dead.dropped)
       order by t.checkpoint desc limit 1) as newest`,
    [id, numberArray(keys.map(({ level }) => level)), numberArray(keys.map(({ page }) => page))],
  );
  return new Map(
    records.map(({ level, page, checkpoint, nodes }) => [
      pageName({ level, page: Number(page) }),
      { checkpoint, nodes: toBytes(nodes) },
    ]),
  );
}

export interface StoredPage {
  readonly checkpoint: bigint;
  readonly nodes: Uint8Array;
}

export function pageName({ level, page }: PageKey): string {
  return `${level}/${page}`;
}

/** Writes pages of one level, one behind the other in `nodes`, in the order of `pages`. */
export async function writePages(
  tx: Sql,
  id: bigint,
  level: number,
  { pages, nodes }: { pages: readonly number[]; nodes: Uint8Array },
): Promise<void> {
  // One parameter that is cut into pieces: a list of them takes three times as long to parse.
  await tx.query(
    `insert into tree_pages (level, page, checkpoint, nodes)
     select $1, page, $2, substring($4::bytea from (ordinality - 1)::integer * ${PAGE_BYTES} + 1 for ${PAGE_BYTES})
     from unnest($3::bigint[]) with ordinality as written (page, ordinality)`,
    [level, id, numberArray(pages), `\\x${Buffer.from(nodes).toString("hex")}`],
  );
}

/** Forgets what no checkpoint that can still be proved needs: all versions of these pages but the given and the newest. */
export async function forgetPages(
  tx: Sql,
  id: bigint,
  level: number,
  kept: readonly { page: number; checkpoint: bigint }[],
): Promise<void> {
  if (kept.length === 0) return;
  await tx.query(
    `delete from tree_pages t using unnest($3::bigint[], $4::bigint[]) as kept (page, checkpoint)
     where t.level = $2 and t.page = kept.page and t.checkpoint <> kept.checkpoint and t.checkpoint <> $1`,
    [
      id,
      level,
      numberArray(kept.map(({ page }) => page)),
      numberArray(kept.map(({ checkpoint }) => checkpoint)),
    ],
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

/** The nodes that stand for pages, which are one behind the other, in the page above. */
export function pageRoots(pages: Uint8Array, level: number): Uint8Array {
  return climb(pages, { from: level * PAGE_LEVELS, to: (level + 1) * PAGE_LEVELS });
}
