import { type Hex, bytesToHex, concat, keccak256 } from "viem";

import { HASH_BYTES, hashRows } from "../keccak/batchKeccak.ts";
import { treeDepth, emptyNode, levelAbove } from "./levels.ts";
import { EMPTY_ROW, type Row } from "./row.ts";
import { rowsToBytes } from "./rowBytes.ts";

/**
 * The Merkle tree of a checkpoint: OpenZeppelin's StandardMerkleTree over
 * `["address","uint64","uint64","uint64"]` with `sortLeaves: false`, padded with `EMPTY_ROW` to a
 * power of two. A party never changes its place, so a changed row changes one path
 * (docs/decisions/0001-tree-with-places.md).
 */
export interface RowTree {
  readonly root: Hex;
  /**
   * The sibling hashes from the leaf at `index` up to the root. Throws a `RangeError` if the table
   * has no such row.
   */
  proof(index: number): Hex[];
}

/** Pads rows to a power of two (at least one), as OpenZeppelin's library needs them. */
export function padRows(rows: readonly Row[]): Row[] {
  const size = 2 ** treeDepth(rows.length);
  return [...rows, ...Array<Row>(size - rows.length).fill(EMPTY_ROW)];
}

/**
 * Builds the whole tree in memory: 65 bytes per row besides the rows. Nodes are in place order;
 * OpenZeppelin's library stores them in reverse, which pairs the same siblings, and their order
 * does not affect the hash.
 */
export function buildTree(rows: readonly Row[]): RowTree {
  const leaves = rows.length === 0 ? emptyNode(0) : hashRows(rowsToBytes(rows));
  const levels: Uint8Array[] = [leaves];
  for (let nodes = leaves; nodes.length > HASH_BYTES;) {
    nodes = levelAbove(nodes, levels.length - 1);
    levels.push(nodes);
  }

  return {
    root: bytesToHex(levels.at(-1) ?? leaves),
    proof(index) {
      if (!Number.isInteger(index) || index < 0 || index >= rows.length) {
        throw new RangeError(`no row at index ${index}: the tree has ${rows.length}`);
      }
      return levels.slice(0, -1).map((nodes, level) => {
        const at = ((index >> level) ^ 1) * HASH_BYTES;
        return bytesToHex(
          at < nodes.length ? nodes.subarray(at, at + HASH_BYTES) : emptyNode(level),
        );
      });
    },
  };
}

/** The root that follows from a leaf and its proof. */
export function processProof(leaf: Hex, proof: readonly Hex[]): Hex {
  return proof.reduce(hashPair, leaf);
}

/** Commutative like OpenZeppelin's `Hashes.commutativeKeccak256`, so proofs carry no directions. */
function hashPair(a: Hex, b: Hex): Hex {
  return keccak256(a < b ? concat([a, b]) : concat([b, a]));
}
