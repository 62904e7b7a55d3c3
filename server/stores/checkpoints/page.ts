import { type Hex, bytesToHex } from "viem";

import { HASH_BYTES } from "@compute-credits/protocol/keccak/batchKeccak";
import { emptyNode } from "@compute-credits/protocol/tree/levels";
import { toBytes } from "./rowsAt.ts";

/** A page has sixteen neighbouring nodes; the page above has one node for it. */
export const PAGE_LEVELS = 4;
export const PAGE_NODES = 2 ** PAGE_LEVELS;
export const PAGE_BYTES = PAGE_NODES * HASH_BYTES;

/** A page of empty rows, at its level. */
export function emptyPage(level: number): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  for (let node = 0; node < PAGE_NODES; node++) {
    page.set(emptyNode(level * PAGE_LEVELS), node * HASH_BYTES);
  }
  return page;
}

/** A byte for the place in the page, and the node that was there. */
const ENTRY_BYTES = 1 + HASH_BYTES;

/** What pages were where they become something else: for each its entries, one behind the other. */
export interface Undo {
  readonly bytes: Uint8Array;
  /** where each page's entries end in `bytes` */
  readonly ends: readonly number[];
}

/** Of pages one behind the other, of which the nodes `changed` (ascending) become others. */
export function undoOf(pages: Uint8Array, changed: readonly number[]): Undo {
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

/** A page as it was. */
export function undone(page: Hex, undo: Hex): Hex {
  const nodes = toBytes(page);
  const entries = toBytes(undo);
  for (let at = 0; at < entries.length; at += ENTRY_BYTES) {
    nodes.set(entries.subarray(at + 1, at + ENTRY_BYTES), (entries[at] ?? 0) * HASH_BYTES);
  }
  return bytesToHex(nodes);
}
