import { type Hex, concat, keccak256 } from "viem";

import { type Row, encodeRow } from "./row.ts";
import { buildTree } from "./tree.ts";

/** What a checkpoint commits to: the root that proofs lead to, and the hash of the rows as they are published. */
export function commitToRows(rows: readonly Row[]): { root: Hex; dataHash: Hex } {
  return { root: buildTree(rows).root, dataHash: keccak256(concat(rows.map(encodeRow))) };
}
