import { type Hex, concat, keccak256 } from "viem";

import { EMPTY_ROW, type Row, rowLeaf } from "./row.ts";

/**
 * The Merkle tree of a checkpoint: OpenZeppelin's StandardMerkleTree over `["address","uint64","uint64","uint64"]`,
 * leaves in the order given (`sortLeaves: false`), filled up with `EMPTY_ROW` to a power of two.
 *
 * A party keeps its place for ever, so a changed row changes one path and a new party replaces an empty row;
 * sorted leaves, or a tree without room to grow, would move all the others.
 */
export interface RowTree {
  readonly root: Hex;
  /** The sibling hashes from the leaf at `index` up to the root. */
  proof(index: number): Hex[];
}

/** The rows as the tree takes them: filled up to a power of two, at least one. */
export function padRows(rows: readonly Row[]): Row[] {
  let size = 1;
  while (size < rows.length) size *= 2;
  return [...rows, ...Array<Row>(size - rows.length).fill(EMPTY_ROW)];
}

export function buildTree(rows: readonly Row[]): RowTree {
  const levels = [padRows(rows).map(rowLeaf).toReversed()];
  for (let below = levels[0] ?? []; below.length > 1;) {
    below = hashPairs(below);
    levels.push(below);
  }
  const top = levels.at(-1)?.[0];
  if (top === undefined) throw new Error("a tree has at least one leaf");

  return {
    root: top,
    proof(index) {
      if (!Number.isInteger(index) || index < 0 || index >= rows.length) {
        throw new RangeError(`no row at index ${index}: the tree has ${rows.length}`);
      }
      // StandardMerkleTree lays leaves out from the end, hence the reversed order.
      let position = (levels[0]?.length ?? 0) - 1 - index;
      return levels.slice(0, -1).map((level) => {
        const sibling = level[position ^ 1];
        if (sibling === undefined) throw new Error("a full tree has a sibling at every level");
        position >>= 1;
        return sibling;
      });
    },
  };
}

/** The root that a leaf and its proof lead to. */
export function processProof(leaf: Hex, proof: readonly Hex[]): Hex {
  return proof.reduce(hashPair, leaf);
}

function hashPairs(level: readonly Hex[]): Hex[] {
  const above: Hex[] = [];
  for (let i = 0; i + 1 < level.length; i += 2) {
    const [left, right] = [level[i], level[i + 1]];
    if (left !== undefined && right !== undefined) above.push(hashPair(left, right));
  }
  return above;
}

/** Commutative, as OpenZeppelin's `Hashes.commutativeKeccak256`: a proof needs no left and right. */
function hashPair(a: Hex, b: Hex): Hex {
  return keccak256(a < b ? concat([a, b]) : concat([b, a]));
}
