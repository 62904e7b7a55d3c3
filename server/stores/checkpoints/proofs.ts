import { type Address, type Hex, bytesToHex, hexToBytes } from "viem";

import type { ProvenRow } from "@compute-credits/platform/chain/chainWriter";
import { HASH_BYTES, hashPairs, hashRows } from "@compute-credits/protocol/keccak/batchKeccak";
import { concatBytes, treeDepth } from "@compute-credits/protocol/tree/levels";
import type { Row } from "@compute-credits/protocol/tree/row";
import { bytesToRows, rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { buildTree } from "@compute-credits/protocol/tree/tree";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray } from "@compute-credits/platform/postgres/values";
import { allRows } from "./changedRows.ts";
import { hashPages } from "./pageHashes.ts";
import { newestRowSql, toBytes } from "./rowsAt.ts";
import { type StoredTree, pageLevels } from "./storedTree.ts";
import { PAGE_LEVELS, PAGE_NODES } from "./page.ts";
import { readPages } from "./treePages.ts";

interface PlacedRow extends Row {
  readonly place: bigint;
}

/**
 * Reads rows with their proofs, in the order of the parties. Parties without a row are left out.
 * Uses a few pages of the stored tree per party; if pages are missing or do not lead to the root,
 * uses all rows.
 */
export async function proveRows(
  sql: Sql,
  tree: StoredTree,
  parties: readonly Address[],
): Promise<ProvenRow[]> {
  const placed = await readPlacedRows(sql, tree.id, parties);
  if (placed.length === 0) return [];
  const places = placed.map(({ place }) => Number(place));
  const rows = placed.map(({ party, spent, refunded, earned }) => ({
    party,
    spent,
    refunded,
    earned,
  }));

  const stored = await storedProofs(sql, tree, places);
  const proofs =
    stored !== null && leadToRoot(tree.root, rows, stored)
      ? stored
      : await proofsFromRows(sql, tree, places);
  return rows.map((row, index) => ({ row, proof: proofs[index] ?? [] }));
}

async function readPlacedRows(
  sql: Sql,
  id: bigint,
  parties: readonly Address[],
): Promise<readonly PlacedRow[]> {
  // Plan: places by primary key, then checkpoint_rows_of_place, one row per party.
  return await sql.query<PlacedRow>(
    `select newest.party, newest.spent, newest.refunded, newest.earned, p.place
     from unnest($2::bytea[]) with ordinality as wanted (party, ordinality)
       join places p using (party)
     cross join lateral ${newestRowSql("p.place", "$1")} as newest
     order by wanted.ordinality`,
    [id, byteaArray(parties)],
  );
}

/** Builds proofs from stored pages. Returns `null` if a page is missing. */
async function storedProofs(
  sql: Sql,
  { id, rowCount }: StoredTree,
  places: readonly number[],
): Promise<Hex[][] | null> {
  const levels = await Promise.all(
    Array.from({ length: pageLevels(rowCount) }, async (_, level) => {
      const size = PAGE_NODES ** (level + 1);
      const pages = [...new Set(places.map((place) => Math.floor(place / size)))];
      const keys = pages.map((page) => ({ level, page }));
      const stored = await readPages(sql, id, keys);
      const nodes = keys.flatMap((key) => {
        const known = stored.get(key);
        return known === undefined ? [] : toBytes(known.nodes);
      });
      if (nodes.length < pages.length) return null;
      return {
        slots: new Map(pages.map((page, slot) => [page, slot])),
        inner: hashPages(concatBytes(nodes), level),
      };
    }),
  );

  const proofs: Hex[][] = [];
  for (const place of places) {
    const proof: Hex[] = [];
    for (let depth = 0; depth < treeDepth(rowCount); depth++) {
      const level = levels[Math.floor(depth / PAGE_LEVELS)];
      if (level === undefined || level === null) return null;
      const width = PAGE_NODES >> (depth % PAGE_LEVELS);
      const at = Math.floor(place / 2 ** depth) ^ 1;
      const slot = level.slots.get(Math.floor(at / width)) ?? 0;
      const nodes = level.inner[depth % PAGE_LEVELS] ?? new Uint8Array(0);
      const offset = (slot * width + (at % width)) * HASH_BYTES;
      proof.push(bytesToHex(nodes.subarray(offset, offset + HASH_BYTES)));
    }
    proofs.push(proof);
  }
  return proofs;
}

/**
 * Checks that every proof leads from its row to the root. A wrong proof must never leave this
 * server.
 */
function leadToRoot(root: Hex, rows: readonly Row[], proofs: readonly (readonly Hex[])[]): boolean {
  let nodes: Uint8Array = hashRows(rowsToBytes(rows));
  const depth = proofs[0]?.length ?? 0;
  for (let height = 0; height < depth; height++) {
    const pairs = proofs.flatMap((proof, index) => [
      nodes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
      hexToBytes(proof[height] ?? "0x"),
    ]);
    nodes = hashPairs(concatBytes(pairs));
  }
  return rows.every(
    (_, index) => bytesToHex(nodes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)) === root,
  );
}

async function proofsFromRows(
  sql: Sql,
  tree: StoredTree,
  places: readonly number[],
): Promise<Hex[][]> {
  const parts: Uint8Array[] = [];
  for await (const { bytes } of allRows(sql, tree)) parts.push(bytes);
  const whole = buildTree(bytesToRows(concatBytes(parts)));
  if (whole.root !== tree.root) {
    throw new Error(`the rows of checkpoint ${tree.id} do not lead to its root ${tree.root}`);
  }
  return places.map((place) => whole.proof(place));
}
