import { type Hex, concat, keccak256 } from "viem";

import { EMPTY_ROW, type Row, rowLeaf } from "@compute-credits/protocol/tree/row";

/** A table of 2^depth rows that are empty but for the first few. It has real roots and proofs. */
export interface SparseTree {
  readonly root: Hex;
  proof(index: number): Hex[];
}

export function sparseTree(rows: readonly Row[], depth: number): SparseTree {
  const levels: Hex[][] = [rows.map(rowLeaf)];
  const empty: Hex[] = [rowLeaf(EMPTY_ROW)];
  for (let level = 0; level < depth; level += 1) {
    const below = levels[level] ?? [];
    const blank = empty[level] ?? "0x";
    const above: Hex[] = [];
    for (let i = 0; i < below.length; i += 2) {
      above.push(hashPair(below[i] ?? blank, below[i + 1] ?? blank));
    }
    levels.push(above);
    empty.push(hashPair(blank, blank));
  }
  const root = levels[depth]?.[0];
  if (root === undefined) throw new Error("a table has at least one row");
  return {
    root,
    proof: (index) =>
      Array.from({ length: depth }, (_, level) => {
        const sibling = levels[level]?.[(index >> level) ^ 1] ?? empty[level];
        if (sibling === undefined) throw new Error("a full tree has a sibling at every level");
        return sibling;
      }),
  };
}

function hashPair(a: Hex, b: Hex): Hex {
  return keccak256(a < b ? concat([a, b]) : concat([b, a]));
}
