import { type Hex, bytesToHex, keccak256, stringToBytes } from "viem";

import { concatBytes } from "../tree/levels.ts";
import type { Row } from "../tree/row.ts";
import { rowsToBytes } from "../tree/rowBytes.ts";
import { TableHasher, type TableHashes } from "../tree/tableHasher.ts";

/** The first eight bytes of a table file: the format's name and version. */
export const TABLE_MAGIC = stringToBytes("CCROWS01");

/**
 * The two hashes that a checkpoint commits to: the Merkle root, and the data hash of the published
 * table file.
 */
export function commitToRows(rows: readonly Row[]): { root: Hex; dataHash: Hex } {
  const hasher = new TableHasher();
  hasher.push(rowsToBytes(rows));
  const hashes = hasher.finish();
  return { root: bytesToHex(hashes.root), dataHash: dataHashOf(tableHead(hashes)) };
}

/** The head of the published file: magic, row count, and the hash of each section. */
export function tableHead({
  rowCount,
  sections,
}: Pick<TableHashes, "rowCount" | "sections">): Uint8Array<ArrayBuffer> {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, rowCount);
  return concatBytes([TABLE_MAGIC, count, sections]);
}

/** Hashes the head. The head holds every section's hash, so this hash commits to the whole file. */
export function dataHashOf(head: Uint8Array): Hex {
  return keccak256(head);
}
