import { type Hex, bytesToHex } from "viem";

import { HASH_BYTES, hashRows } from "@compute-credits/protocol/keccak/batchKeccak";
import { nodesAtLevel, concatBytes, treeDepth } from "@compute-credits/protocol/tree/levels";
import {
  SECTION_LEVEL,
  type TableHashes,
  sectionCount,
} from "@compute-credits/protocol/tree/tableHasher";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { PlacedRows } from "./changedRows.ts";
import type { Throttle } from "./throttle.ts";
import { hashChanged, hashPages, nodeIndexIn, pageRoots, withNodes } from "./pageHashes.ts";
import { PAGE_BYTES, PAGE_LEVELS, PAGE_NODES, emptyPage, createUndo } from "./page.ts";
import { toBytes } from "./rowsAt.ts";
import { type PageKey, type StoredPage, readPages, writePages } from "./treePages.ts";

/** A checkpoint whose tree is stored. */
export interface StoredTree {
  readonly id: bigint;
  readonly rowCount: number;
  readonly root: Hex;
}

/** The stored pages do not lead to the signed root: rebuild the tree from the rows. */
export class TreeMismatchError extends Error {
  override readonly name = "TreeMismatchError";
}

/** Returns how many levels of pages a table of `rowCount` rows has. */
export function pageLevels(rowCount: number): number {
  return Math.max(1, Math.ceil(treeDepth(rowCount) / PAGE_LEVELS));
}

/** Changed nodes of one level, ascending by index. `before` is unknown for leaves. */
interface ChangedNodes {
  readonly at: readonly number[];
  readonly before: Uint8Array | null;
  readonly now: Uint8Array;
}

/** An update of the stored tree from the checkpoint `last` to the checkpoint `id`. */
export interface TreeUpdate {
  readonly id: bigint;
  readonly rowCount: number;
  readonly last: StoredTree | null;
  /** called between batches of pages; batches follow each other at once without it */
  readonly throttle?: Throttle;
}

/**
 * A batch blocks the event loop for about two milliseconds. Its text fits into a socket's buffer;
 * with more, PostgreSQL would wait until these pages are hashed.
 */
const PAGES_PER_BATCH = 256;

/**
 * Updates the stored tree from `last` to the checkpoint `id`, reading and writing only the pages on
 * changed paths. Checks every node that it keeps against the last root and throws
 * `TreeMismatchError` if one differs. Call it in the cut's transaction, so that pages and
 * checkpoint commit together.
 */
export async function updateTree(
  tx: Sql,
  update: TreeUpdate,
  changed: AsyncIterable<PlacedRows>,
): Promise<TableHashes> {
  const parts: ChangedNodes[] = [];
  for await (const { places, bytes } of changed) {
    const leaves = { at: places, before: null, now: hashRows(bytes) };
    parts.push(...(await updateLevel(tx, update, { level: 0, changed: leaves })));
  }

  let above = concatNodes(parts);
  const levels = pageLevels(update.rowCount);
  for (let level = 1; level < levels; level++) {
    // oxlint-disable-next-line no-await-in-loop -- a level is hashed from the one below
    above = concatNodes(await updateLevel(tx, update, { level, changed: above }));
  }
  return await readHashes(tx, update);
}

/** Reads the root and the section hashes of a stored tree. */
async function readHashes(
  sql: Sql,
  { id, rowCount }: Pick<TreeUpdate, "id" | "rowCount">,
): Promise<TableHashes> {
  const level = pageLevels(rowCount) - 1;
  const [top] = await readNodes(sql, id, { level, pages: 1 });
  if (top === undefined) throw new TreeMismatchError(`the tree of checkpoint ${id} has no top`);
  const root = rootOfTop(top, rowCount);
  if (treeDepth(rowCount) <= SECTION_LEVEL) {
    const sections = nodesAtLevel(root, { from: treeDepth(rowCount), to: SECTION_LEVEL });
    return { rowCount, root, sections };
  }
  const count = sectionCount(rowCount);
  const pages = await readNodes(sql, id, {
    level: SECTION_LEVEL / PAGE_LEVELS,
    pages: Math.ceil(count / PAGE_NODES),
  });
  return { rowCount, root, sections: concatBytes(pages).subarray(0, count * HASH_BYTES) };
}

async function readNodes(
  sql: Sql,
  id: bigint,
  { level, pages }: { level: number; pages: number },
): Promise<Uint8Array[]> {
  const keys = Array.from({ length: pages }, (_, page) => ({ level, page }));
  const stored = await readPages(sql, id, keys);
  return keys.flatMap((key) => {
    const page = stored.get(key);
    return page === undefined ? [] : toBytes(page.nodes);
  });
}

function rootOfTop(top: Uint8Array, rowCount: number): Uint8Array {
  const level = pageLevels(rowCount) - 1;
  const nodes = nodesAtLevel(top, { from: level * PAGE_LEVELS, to: treeDepth(rowCount) });
  return nodes.slice(0, HASH_BYTES);
}

/** Writes the pages that have changed nodes. Returns the changed nodes of the level above. */
async function updateLevel(
  tx: Sql,
  update: TreeUpdate,
  { level, changed }: { level: number; changed: ChangedNodes },
): Promise<ChangedNodes[]> {
  const pages = [...new Set(changed.at.map((at) => Math.floor(at / PAGE_NODES)))];
  // If the tree grows by a level, its old top page moves under the new one, changed or not.
  if (isGrowingTop(update, level) && pages[0] !== 0) pages.unshift(0);

  const keys = pages.map((page) => ({ level, page }));
  const batches: PageKey[][] = [];
  for (let first = 0; first < keys.length; first += PAGES_PER_BATCH) {
    batches.push(keys.slice(first, first + PAGES_PER_BATCH));
  }
  const above: ChangedNodes[] = [];
  let reading = readBefore(tx, update.last, batches[0]);
  let writing: Promise<void> = Promise.resolve();
  let from = 0;
  // A pipeline: while one batch is hashed, PostgreSQL writes the previous one and reads the next
  // one.
  for (const [index, batch] of batches.entries()) {
    const end = ((batch.at(-1)?.page ?? 0) + 1) * PAGE_NODES;
    let to = from;
    while (to < changed.at.length && (changed.at[to] ?? end) < end) to++;
    // oxlint-disable-next-line no-await-in-loop -- batches bound the memory and the event loop's delay
    const stored = await reading;
    reading = readBefore(tx, update.last, batches[index + 1]);
    const here = { level, keys: batch, stored, changed: sliceNodes(changed, from, to) };
    const updated = updatePages(tx, update, here);
    above.push(updated.above);
    // oxlint-disable-next-line no-await-in-loop -- as above
    await writing;
    writing = updated.writing;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await update.throttle?.();
    from = to;
  }
  await writing;
  return above;
}

/**
 * Starts to read the pages' previous versions. A caller that fails first never awaits the result,
 * so a rejection is not reported as unhandled.
 */
function readBefore(
  tx: Sql,
  last: StoredTree | null,
  keys: readonly PageKey[] = [],
): Promise<ReadonlyMap<PageKey, StoredPage>> {
  const existing = keys.filter(({ level, page }) => page < pagesBefore(last, level));
  const reading = readPages(tx, last?.id ?? 0n, existing);
  reading.catch(() => undefined);
  return reading;
}

/** Hashes and starts to write a batch of pages. `writing` resolves when they are written. */
function updatePages(
  tx: Sql,
  update: TreeUpdate,
  {
    level,
    keys,
    stored,
    changed,
  }: {
    level: number;
    keys: readonly PageKey[];
    stored: ReadonlyMap<PageKey, StoredPage>;
    changed: ChangedNodes;
  },
): { above: ChangedNodes; writing: Promise<void> } {
  const { id, last } = update;
  const pages = keys.map(({ page }) => page);
  const isOld = ({ page }: PageKey) => page < pagesBefore(last, level);

  const oldPages = Buffer.alloc(pages.length * PAGE_BYTES);
  const empty = emptyPage(level);
  keys.forEach((key, slot) => {
    const page = stored.get(key);
    if (page !== undefined) oldPages.write(page.nodes.slice(2), slot * PAGE_BYTES, "hex");
    else if (isOld(key)) throw new TreeMismatchError(`page ${level}/${key.page} is not stored`);
    else oldPages.set(empty, slot * PAGE_BYTES);
  });
  if (last !== null && pages[0] === 0 && level === pageLevels(last.rowCount) - 1) {
    checkRoot(oldPages.subarray(0, PAGE_BYTES), last);
  }

  const slots = new Map(pages.map((page, slot) => [page, slot]));
  const changedNodes = changed.at.map((at) =>
    nodeIndexIn(slots.get(Math.floor(at / PAGE_NODES)) ?? 0, at),
  );
  const { before: expectedNodes } = changed;
  if (expectedNodes !== null) {
    changedNodes.forEach((node, index) => {
      const page = Math.floor((changed.at[index] ?? 0) / PAGE_NODES);
      if (isOld({ level, page }) && !nodesEqual([oldPages, node], [expectedNodes, index])) {
        throw new TreeMismatchError(`page ${level}/${page} belongs to another tree`);
      }
    });
  }

  // The level above checks whether these pages belong to the last tree, and a mismatch aborts the
  // transaction. So they can be written before that check.
  const kept = keys.map((key) => stored.get(key)?.checkpoint ?? null);
  const nodes = withNodes(oldPages, { changed: changedNodes, now: changed.now });
  const undo = createUndo(oldPages, changedNodes);
  const writing = writePages(tx, id, level, { pages, kept, nodes, undo });
  const before = hashPages(oldPages, level);
  const now = hashChanged(before, { pages: nodes, changed: changedNodes });
  writing.catch(() => undefined);
  return { above: { at: pages, before: pageRoots(before), now }, writing };
}

function checkRoot(top: Uint8Array, { id, rowCount, root }: StoredTree): void {
  if (bytesToHex(rootOfTop(top, rowCount)) !== root) {
    throw new TreeMismatchError(`the stored tree of checkpoint ${id} has another root`);
  }
}

/** Returns how many pages a level of the last tree has. */
function pagesBefore(last: StoredTree | null, level: number): number {
  if (last === null || level >= pageLevels(last.rowCount)) return 0;
  return Math.ceil(last.rowCount / PAGE_NODES ** (level + 1));
}

function isGrowingTop({ last, rowCount }: TreeUpdate, level: number): boolean {
  if (last === null) return false;
  const before = pageLevels(last.rowCount);
  return level === before - 1 && pageLevels(rowCount) > before;
}

function nodesEqual(
  [a, atA]: readonly [Buffer, number],
  [b, atB]: readonly [Uint8Array, number],
): boolean {
  const [fromA, fromB] = [atA * HASH_BYTES, atB * HASH_BYTES];
  return a.compare(b, fromB, fromB + HASH_BYTES, fromA, fromA + HASH_BYTES) === 0;
}

function sliceNodes({ at, before, now }: ChangedNodes, from: number, to: number): ChangedNodes {
  const cut = (nodes: Uint8Array) => nodes.subarray(from * HASH_BYTES, to * HASH_BYTES);
  return { at: at.slice(from, to), before: before === null ? null : cut(before), now: cut(now) };
}

function concatNodes(parts: readonly ChangedNodes[]): ChangedNodes {
  return {
    at: parts.flatMap(({ at }) => at),
    before: concatBytes(parts.flatMap(({ before }) => before ?? [])),
    now: concatBytes(parts.map(({ now }) => now)),
  };
}
