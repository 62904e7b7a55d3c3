import { type Hex, bytesToHex } from "viem";

import { HASH_BYTES } from "@compute-credits/protocol/keccak/batchKeccak";
import { emptyNode } from "@compute-credits/protocol/tree/levels";
import { toBytes } from "./rowsAt.ts";

/** A page holds sixteen neighbouring nodes. Their common ancestor is one node of the page above. */
export const PAGE_LEVELS = 4;
export const PAGE_NODES = 2 ** PAGE_LEVELS;
export const PAGE_BYTES = PAGE_NODES * HASH_BYTES;

/** Returns a page of empty subtrees for a level of pages. */
export function emptyPage(level: number): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  for (let node = 0; node < PAGE_NODES; node++) {
    page.set(emptyNode(level * PAGE_LEVELS), node * HASH_BYTES);
  }
  return page;
}

/** An entry is one byte for the node's index in the page, then the old node. */
const ENTRY_BYTES = 1 + HASH_BYTES;

/** The old nodes of changed pages. The entries of all pages are concatenated. */
export interface Undo {
  readonly bytes: Uint8Array;
  /** the end offset of each page's entries in `bytes` */
  readonly ends: readonly number[];
}

/** Saves the nodes `changed` (ascending) of concatenated pages before they are overwritten. */
export function createUndo(pages: Uint8Array, changed: readonly number[]): Undo {
  const bytes = new Uint8Array(changed.length * ENTRY_BYTES);
  const ends = Array<number>(pages.length / HASH_BYTES / PAGE_NODES).fill(0);
  changed.forEach((node, index) => {
    const at = index * ENTRY_BYTES;
    bytes[at] = node % PAGE_NODES;
    bytes.set(pages.subarray(node * HASH_BYTES, (node + 1) * HASH_BYTES), at + 1);
    ends[Math.floor(node / PAGE_NODES)] = at + ENTRY_BYTES;
  });
  ends.forEach((end, page) => (ends[page] = Math.max(end, ends[page - 1] ?? 0)));
  return { bytes, ends };
}

/** Restores a page to its previous version. */
export function applyUndo(page: Hex, undo: Hex): Hex {
  const nodes = toBytes(page);
  const entries = toBytes(undo);
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    nodes.set(entries.subarray(at + 1, at + ENTRY_BYTES), (entries[at] ?? 0) * HASH_BYTES);
  }
  return bytesToHex(nodes);
}
