import { HASH_BYTES, hashPairs } from "@compute-credits/protocol/keccak/batchKeccak";
import { levelAbove } from "@compute-credits/protocol/tree/levels";
import { PAGE_LEVELS, PAGE_NODES } from "./page.ts";

const PAIR_BYTES = 2 * HASH_BYTES;

/** Pages of one level, one behind the other, and the nodes inside them, up to those that stand for them in the level above. */
export type PageNodes = readonly Uint8Array[];

export function hashPages(pages: Uint8Array, level: number): PageNodes {
  const nodes = [pages];
  for (let height = 0; height < PAGE_LEVELS; height++) {
    nodes.push(levelAbove(nodes.at(-1) ?? pages, level * PAGE_LEVELS + height));
  }
  return nodes;
}

/** The same pages, where the nodes `changed` have become those in `now`, which are one behind the other. */
export function withNodes(
  pages: Uint8Array,
  { changed, now }: { changed: readonly number[]; now: Uint8Array },
): Uint8Array {
  const after = new Uint8Array(pages);
  put(after, changed, now);
  return after;
}

/**
 * The nodes that stand for pages, of which the nodes `changed` (ascending) were others `before`. Hashes on their paths
 * alone: where few change, a quarter of what all of a page takes.
 */
export function hashChanged(
  before: PageNodes,
  { pages, changed }: { pages: Uint8Array; changed: readonly number[] },
): Uint8Array {
  let at = changed;
  return before.slice(1).reduce((below, nodes) => {
    at = parentsOf(at);
    const after = nodes.slice();
    put(after, at, hashPairs(pairsUnder(at, below)));
    return after;
  }, pages);
}

function pairsUnder(parents: readonly number[], nodes: Uint8Array): Uint8Array {
  const pairs = new Uint8Array(parents.length * PAIR_BYTES);
  parents.forEach((parent, index) => {
    pairs.set(nodes.subarray(parent * PAIR_BYTES, (parent + 1) * PAIR_BYTES), index * PAIR_BYTES);
  });
  return pairs;
}

function put(nodes: Uint8Array, at: readonly number[], hashes: Uint8Array): void {
  at.forEach((node, index) => {
    nodes.set(hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES), node * HASH_BYTES);
  });
}

/** The nodes that stand for pages, in the page above. */
export function pageRoots(nodes: PageNodes): Uint8Array {
  return nodes[PAGE_LEVELS] ?? new Uint8Array(0);
}

function parentsOf(nodes: readonly number[]): number[] {
  const parents: number[] = [];
  for (const node of nodes) {
    const parent = node >> 1;
    if (parents.at(-1) !== parent) parents.push(parent);
  }
  return parents;
}

/** Where a page's node is among those of pages that are one behind the other. */
export function nodeIn(slot: number, node: number): number {
  return slot * PAGE_NODES + (node % PAGE_NODES);
}
