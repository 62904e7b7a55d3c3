import { type Hex, bytesToHex, keccak256, stringToBytes } from "viem";

import { concatBytes } from "../tree/levels.ts";
import type { Row } from "../tree/row.ts";
import { rowsToBytes } from "../tree/rowBytes.ts";
import { TableHasher, type TableHashes } from "../tree/tableHasher.ts";

/** What a file of all rows begins with: the name of the format, and its version. */
export const TABLE_MAGIC = stringToBytes("CCROWS01");

/** What a checkpoint commits to: the root that proofs lead to, and the hash of the rows as they are published. */
export function commitToRows(rows: readonly Row[]): { root: Hex; dataHash: Hex } {
  const hasher = new TableHasher();
  hasher.push(rowsToBytes(rows));
  const hashes = hasher.finish();
  return { root: bytesToHex(hashes.root), dataHash: dataHashOf(headOf(hashes)) };
}

/** The head of the published file: how many rows follow, and the hash of each section of them. */
export function headOf({
  rowCount,
  sections,
}: Pick<TableHashes, "rowCount" | "sections">): Uint8Array<ArrayBuffer> {
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, rowCount);
  return concatBytes([TABLE_MAGIC, count, sections]);
}

/** The head holds the hash of every section, so its hash stands for the whole file. */
export function dataHashOf(head: Uint8Array): Hex {
  return keccak256(head);
}
