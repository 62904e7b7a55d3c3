import { type Hex, bytesToHex, concat, keccak256 } from "viem";

import { HASH_BYTES, hashRows } from "../keccak/batchKeccak.ts";
import { depthOf, emptyNode, levelAbove } from "./levels.ts";
import { EMPTY_ROW, type Row } from "./row.ts";
import { rowsToBytes } from "./rowBytes.ts";

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

/** The rows as OpenZeppelin's library takes them: filled up to a power of two, at least one. */
export function padRows(rows: readonly Row[]): Row[] {
  const size = 2 ** depthOf(rows.length);
  return [...rows, ...Array<Row>(size - rows.length).fill(EMPTY_ROW)];
}

/**
 * All of it in memory: 65 bytes a row, beside the rows. Nodes are in the order of the places; the library lays them out
 * from the end, which pairs the same ones, and which of two siblings comes first does not matter to their hash.
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

/** The root that a leaf and its proof lead to. */
export function processProof(leaf: Hex, proof: readonly Hex[]): Hex {
  return proof.reduce(hashPair, leaf);
}

/** Commutative, as OpenZeppelin's `Hashes.commutativeKeccak256`: a proof needs no left and right. */
function hashPair(a: Hex, b: Hex): Hex {
  return keccak256(a < b ? concat([a, b]) : concat([b, a]));
}
