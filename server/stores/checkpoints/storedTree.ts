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
import type { GiveWay } from "./throttle.ts";
import { hashChanged, hashPages, nodeIn, pageRoots, withNodes } from "./pageHashes.ts";
import { PAGE_BYTES, PAGE_LEVELS, PAGE_NODES, emptyPage, undoOf } from "./page.ts";
import { toBytes } from "./rowsAt.ts";
import { type PageKey, type StoredPage, readPages, writePages } from "./treePages.ts";

/** A checkpoint whose tree is stored. */
export interface TreeOf {
  readonly id: bigint;
  readonly rowCount: number;
  readonly root: Hex;
}

/** What is stored does not lead to the root that was signed. It has to be made again, from the rows. */
export class TreeMismatchError extends Error {
  override readonly name = "TreeMismatchError";
}

/** Levels of pages that a table of so many rows has. */
export function pageLevels(rowCount: number): number {
  return Math.max(1, Math.ceil(treeDepth(rowCount) / PAGE_LEVELS));
}

/** Nodes of one level that change, ascending by where they are; `before` is unknown for leaves. */
interface ChangedNodes {
  readonly at: readonly number[];
  readonly before: Uint8Array | null;
  readonly now: Uint8Array;
}

/** The trees that an update is between. */
export interface Step {
  readonly id: bigint;
  readonly rowCount: number;
  readonly last: TreeOf | null;
  /** between batches of pages; unless said otherwise, one goes after the other */
  readonly giveWay?: GiveWay;
}

/**
 * Bounds how long the event loop is busy at a stretch, two milliseconds or so. Few enough that their text fits into a
 * socket's buffer: of more, PostgreSQL waits with the rest until these are hashed.
 */
const PAGES_AT_ONCE = 256;

/**
 * Brings the stored tree from `last` to the checkpoint `id` by the rows that changed: reads and writes the pages on their
 * paths alone. Every node that it takes over is checked against the last root; throws `TreeMismatchError` where one does not
 * fit. In the cut's transaction, so that pages and checkpoint are there together or not at all.
 */
export async function updateTree(
  tx: Sql,
  step: Step,
  changed: AsyncIterable<PlacedRows>,
): Promise<TableHashes> {
  const parts: ChangedNodes[] = [];
  for await (const { places, bytes } of changed) {
    const leaves = { at: places, before: null, now: hashRows(bytes) };
    parts.push(...(await updateLevel(tx, step, { level: 0, changed: leaves })));
  }

  let above = joined(parts);
  const levels = pageLevels(step.rowCount);
  for (let level = 1; level < levels; level++) {
    // oxlint-disable-next-line no-await-in-loop -- a level is made of the one below
    above = joined(await updateLevel(tx, step, { level, changed: above }));
  }
  return await readHashes(tx, step);
}

/** Root and sections of a stored tree. */
async function readHashes(
  sql: Sql,
  { id, rowCount }: Pick<Step, "id" | "rowCount">,
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
    const known = stored.get(key);
    return known === undefined ? [] : toBytes(known.nodes);
  });
}

function rootOfTop(top: Uint8Array, rowCount: number): Uint8Array {
  const level = pageLevels(rowCount) - 1;
  const nodes = nodesAtLevel(top, { from: level * PAGE_LEVELS, to: treeDepth(rowCount) });
  return nodes.slice(0, HASH_BYTES);
}

/** Writes the pages that have changed nodes; returns what changes in the level above them. */
async function updateLevel(
  tx: Sql,
  step: Step,
  { level, changed }: { level: number; changed: ChangedNodes },
): Promise<ChangedNodes[]> {
  const pages = [...new Set(changed.at.map((at) => Math.floor(at / PAGE_NODES)))];
  // A tree that grows by a level has its old top below the new one, whether it changed or not.
  if (isTopThatGrows(step, level) && pages[0] !== 0) pages.unshift(0);

  const keys = pages.map((page) => ({ level, page }));
  const batches: PageKey[][] = [];
  for (let first = 0; first < keys.length; first += PAGES_AT_ONCE) {
    batches.push(keys.slice(first, first + PAGES_AT_ONCE));
  }
  const above: ChangedNodes[] = [];
  let reading = readBefore(tx, step.last, batches[0]);
  let writing: Promise<void> = Promise.resolve();
  let from = 0;
  for (const [index, batch] of batches.entries()) {
    const end = ((batch.at(-1)?.page ?? 0) + 1) * PAGE_NODES;
    let to = from;
    while (to < changed.at.length && (changed.at[to] ?? end) < end) to++;
    // oxlint-disable-next-line no-await-in-loop -- one batch after the other bounds memory and the event loop's wait
    const stored = await reading;
    // PostgreSQL reads the next pages while these are worked on.
    reading = readBefore(tx, step.last, batches[index + 1]);
    const here = { level, keys: batch, stored, changed: part(changed, from, to) };
    const updated = updatePages(tx, step, here);
    above.push(updated.above);
    // Only now, so that PostgreSQL is never without a batch to write.
    // oxlint-disable-next-line no-await-in-loop -- as above
    await writing;
    writing = updated.writing;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await step.giveWay?.();
    from = to;
  }
  await writing;
  return above;
}

/** Pages as they were before. Whoever stops before it asks for them need not hear that they could not be read. */
function readBefore(
  tx: Sql,
  last: TreeOf | null,
  keys: readonly PageKey[] = [],
): Promise<ReadonlyMap<PageKey, StoredPage>> {
  const old = keys.filter(({ level, page }) => page < pagesBefore(last, level));
  const reading = readPages(tx, last?.id ?? 0n, old);
  reading.catch(() => undefined);
  return reading;
}

/** What becomes of pages; they are being written when this returns. */
function updatePages(
  tx: Sql,
  step: Step,
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
  const { id, last } = step;
  const pages = keys.map(({ page }) => page);
  const isOld = ({ page }: PageKey) => page < pagesBefore(last, level);

  const whole = Buffer.alloc(pages.length * PAGE_BYTES);
  const empty = emptyPage(level);
  keys.forEach((key, slot) => {
    const known = stored.get(key);
    if (known !== undefined) whole.write(known.nodes.slice(2), slot * PAGE_BYTES, "hex");
    else if (isOld(key)) throw new TreeMismatchError(`page ${level}/${key.page} is not stored`);
    else whole.set(empty, slot * PAGE_BYTES);
  });
  if (last !== null && pages[0] === 0 && level === pageLevels(last.rowCount) - 1) {
    checkRoot(whole.subarray(0, PAGE_BYTES), last);
  }

  const slots = new Map(pages.map((page, slot) => [page, slot]));
  const changedNodes = changed.at.map((at) =>
    nodeIn(slots.get(Math.floor(at / PAGE_NODES)) ?? 0, at),
  );
  const { before: expected } = changed;
  if (expected !== null) {
    changedNodes.forEach((node, index) => {
      const page = Math.floor((changed.at[index] ?? 0) / PAGE_NODES);
      const isTakenOver = isOld({ level, page });
      if (isTakenOver && !isSameNode([whole, node], [expected, index])) {
        throw new TreeMismatchError(`page ${level}/${page} is of another tree`);
      }
    });
  }

  // Whether these are the pages that the level above has says that level: a wrong one ends the transaction there. So they
  // are written while their nodes are hashed.
  const kept = keys.map((key) => stored.get(key)?.checkpoint ?? null);
  const nodes = withNodes(whole, { changed: changedNodes, now: changed.now });
  const undo = undoOf(whole, changedNodes);
  const writing = writePages(tx, id, level, { pages, kept, nodes, undo });
  const before = hashPages(whole, level);
  const now = hashChanged(before, { pages: nodes, changed: changedNodes });
  writing.catch(() => undefined);
  return { above: { at: pages, before: pageRoots(before), now }, writing };
}

function checkRoot(top: Uint8Array, { id, rowCount, root }: TreeOf): void {
  if (bytesToHex(rootOfTop(top, rowCount)) !== root) {
    throw new TreeMismatchError(`the stored tree of checkpoint ${id} has another root`);
  }
}

/** How many pages of a level there were. */
function pagesBefore(last: TreeOf | null, level: number): number {
  if (last === null || level >= pageLevels(last.rowCount)) return 0;
  return Math.ceil(last.rowCount / PAGE_NODES ** (level + 1));
}

function isTopThatGrows({ last, rowCount }: Step, level: number): boolean {
  if (last === null) return false;
  const before = pageLevels(last.rowCount);
  return level === before - 1 && pageLevels(rowCount) > before;
}

function isSameNode(
  [a, atA]: readonly [Buffer, number],
  [b, atB]: readonly [Uint8Array, number],
): boolean {
  const [fromA, fromB] = [atA * HASH_BYTES, atB * HASH_BYTES];
  return a.compare(b, fromB, fromB + HASH_BYTES, fromA, fromA + HASH_BYTES) === 0;
}

function part({ at, before, now }: ChangedNodes, from: number, to: number): ChangedNodes {
  const cut = (nodes: Uint8Array) => nodes.subarray(from * HASH_BYTES, to * HASH_BYTES);
  return { at: at.slice(from, to), before: before === null ? null : cut(before), now: cut(now) };
}

function joined(parts: readonly ChangedNodes[]): ChangedNodes {
  return {
    at: parts.flatMap(({ at }) => at),
    before: concatBytes(parts.flatMap(({ before }) => before ?? [])),
    now: concatBytes(parts.map(({ now }) => now)),
  };
}
