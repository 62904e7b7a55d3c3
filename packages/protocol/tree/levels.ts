import { hexToBytes } from "viem";

import { HASH_BYTES, hashPairs } from "../keccak/batchKeccak.ts";
import { EMPTY_ROW, rowLeaf } from "./row.ts";

/**
 * The root of 2^level empty rows. A table is padded with empty rows to a power of two, so these
 * nodes fill the tree beyond the table's last row.
 */
export function emptyNode(level: number): Uint8Array {
  for (let known = emptyNodes.length; known <= level; known++) {
    const below = emptyNodes.at(-1) ?? hexToBytes(rowLeaf(EMPTY_ROW));
    emptyNodes.push(known === 0 ? below : hashPairs(concatBytes([below, below])));
  }
  const node = emptyNodes[level];
  if (node === undefined) throw new RangeError(`no level ${level}`);
  return node;
}

const emptyNodes: Uint8Array[] = [];

/** Hashes the nodes of `level` into those of the next level, padding an odd count. */
export function levelAbove(nodes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
  const isOdd = (nodes.length / HASH_BYTES) % 2 === 1;
  return hashPairs(isOdd ? concatBytes([nodes, emptyNode(level)]) : nodes);
}

/** Hashes the nodes of level `from` up to level `to`. */
export function nodesAtLevel(
  nodes: Uint8Array,
  { from, to }: { from: number; to: number },
): Uint8Array {
  let level = nodes;
  for (let n = from; n < to; n++) level = levelAbove(level, n);
  return level;
}

/** The number of levels above the leaves for a table of `rowCount` rows. */
export function treeDepth(rowCount: number): number {
  return rowCount <= 1 ? 0 : 32 - Math.clz32(rowCount - 1);
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
