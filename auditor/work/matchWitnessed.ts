import { z } from "zod";

import { max, min } from "@compute-credits/protocol/amounts";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";

import { isVisible } from "../replay/snapshot.ts";
import {
  type WitnessedPage,
  addPage,
  deletePages,
  readBodies,
  readHashes,
  readPages,
} from "../store/witnessedPages.ts";
import { RecordedHashes } from "./recordedHashes.ts";
import { witnessedIn } from "./witnessed.ts";

/** Thrown if a cut may differ from what was seen of it: then it is compared entry by entry. */
export class WitnessedDiffers extends Error {
  override readonly name = "WitnessedDiffers";
}

/** The cut that is compared. */
export interface ComparedCut {
  readonly id: bigint;
  readonly snapshot: string;
  /** the agreed cut before it; `null` for the first */
  readonly previous: bigint | null;
}

/** Most hashes of entries that are kept for later pages of the cut: about 100 MB. */
const MAX_HASHES = 500_000;

interface OpenPage extends WitnessedPage {
  /** those that the cut did not show yet */
  readonly left: Set<string>;
}

const Place = z.object({ order: z.coerce.bigint(), transaction: z.coerce.bigint() });

/**
 * Compares a cut with what was seen of the log before, by hashes. A server that keeps its log shows
 * either all that was seen, or nothing that was not: snapshots of one database grow. In any other
 * case this throws `WitnessedDiffers`.
 */
export class WitnessedMatch {
  readonly #sql: Sql;
  readonly #cut: ComparedCut;
  /** in the order of the log; those before `#next` are open or done */
  readonly #pages: readonly WitnessedPage[];
  #next = 0;
  readonly #open: OpenPage[] = [];
  readonly #done: bigint[] = [];
  readonly #pageOf = new Map<string, OpenPage>();
  #hasUnseen = false;

  readonly #hashes: RecordedHashes;

  private constructor(
    sql: Sql,
    cut: ComparedCut,
    pages: readonly WitnessedPage[],
    hashes: RecordedHashes,
  ) {
    this.#hashes = hashes;
    this.#sql = sql;
    this.#cut = cut;
    this.#pages = pages;
  }

  /** `hashes` are those of entries that were recorded lately. */
  static async begin(
    sql: Sql,
    cut: ComparedCut,
    hashes = new RecordedHashes(),
  ): Promise<WitnessedMatch> {
    return new WitnessedMatch(sql, cut, await comparedPages(sql, cut), hashes);
  }

  /** Compares a page of the cut. */
  async add(entries: readonly LogEntry[]): Promise<void> {
    const shown = witnessedIn(entries);
    const [first] = shown;
    if (first === undefined) return;
    await this.#openUpTo(shown.reduce((order, entry) => max(order, entry.order), first.order));
    for (const entry of shown) {
      if (this.#pageOf.size === 0) this.#hasUnseen = true;
      else this.#compare(this.#hashes.take(entry));
    }
    this.#closeDone();
  }

  /** After the last page: deletes what the cut holds, and keeps what the next one must. */
  async end(): Promise<void> {
    const open = [...this.#open];
    const later = this.#pages.slice(this.#next);
    if (this.#hasUnseen && (open.length > 0 || later.length > 0)) throw new WitnessedDiffers();
    for (const page of later) {
      // oxlint-disable-next-line no-await-in-loop -- one page in memory
      if (await this.#mustHold(page, () => true)) throw new WitnessedDiffers();
    }
    for (const page of open) {
      // oxlint-disable-next-line no-await-in-loop
      await this.#keepRest(page);
    }
    await deletePages(this.#sql, [...this.#done, ...open.map(({ id }) => id)]);
  }

  async #openUpTo(order: bigint): Promise<void> {
    for (;;) {
      const page = this.#pages[this.#next];
      if (page === undefined || page.firstOrder > order) return;
      this.#next++;
      // oxlint-disable-next-line no-await-in-loop -- one connection
      const hashes = await readHashes(this.#sql, page.id);
      if (hashes.length !== page.count) throw new Error(`page ${page.id} is not whole`);
      // An entry that was recorded twice is looked for once.
      const open = { ...page, left: new Set(hashes.filter((hash) => !this.#pageOf.has(hash))) };
      for (const hash of open.left) this.#pageOf.set(hash, open);
      this.#open.push(open);
      if (this.#pageOf.size > MAX_HASHES) throw new WitnessedDiffers();
    }
  }

  #compare(hash: string): void {
    const page = this.#pageOf.get(hash);
    if (page === undefined) {
      this.#hasUnseen = true;
      return;
    }
    this.#pageOf.delete(hash);
    page.left.delete(hash);
  }

  #closeDone(): void {
    for (let index = this.#open.length - 1; index >= 0; index--) {
      const page = this.#open[index];
      if (page === undefined || page.left.size > 0) continue;
      this.#done.push(page.id);
      this.#open.splice(index, 1);
    }
  }

  /** Whether the cut should have shown one of the page's entries that it did not show. */
  async #mustHold(
    page: WitnessedPage,
    isLeft: (index: number) => boolean,
    bodies?: readonly unknown[],
  ): Promise<boolean> {
    const { id, previous, snapshot } = this.#cut;
    if (page.afterCut >= id) return false;
    // A cut may have started before the entry and be published after it; the next cut cannot.
    if (previous !== null && page.afterCut < previous) return true;
    if (isAllLater(snapshot, page)) return false;
    const all = bodies ?? (await readBodies(this.#sql, page.id));
    return all.some(
      (body, index) => isLeft(index) && isVisible(snapshot, Place.parse(body).transaction),
    );
  }

  /** Replaces an open page with the entries that the cut did not show, which the next one must. */
  async #keepRest(page: OpenPage): Promise<void> {
    const hashes = await readHashes(this.#sql, page.id);
    const bodies = await readBodies(this.#sql, page.id);
    const isLeft = (index: number) => page.left.has(hashes[index] ?? "");
    if (await this.#mustHold(page, isLeft, bodies)) throw new WitnessedDiffers();
    const rest = bodies.filter((_, index) => isLeft(index));
    const places = rest.map((body) => Place.parse(body));
    const [first] = places;
    if (first === undefined) return;
    await addPage(this.#sql, {
      afterCut: page.afterCut,
      firstOrder: places.reduce((order, place) => min(order, place.order), first.order),
      lastOrder: places.reduce((order, place) => max(order, place.order), first.order),
      oldestTransaction: places.reduce(
        (tx, place) => min(tx, place.transaction),
        first.transaction,
      ),
      texts: rest.map((body) => JSON.stringify(body)),
      hashes: hashes.filter((_, index) => isLeft(index)),
    });
  }
}

/**
 * All recorded pages that the cut may hold. What was seen after the cut, and is younger than its
 * snapshot, is left to the next one.
 */
export async function comparedPages(
  sql: Sql,
  { id, snapshot }: ComparedCut,
): Promise<WitnessedPage[]> {
  const pages = await readPages(sql);
  return pages.filter((page) => page.afterCut < id || !isAllLater(snapshot, page));
}

/** Whether the snapshot sees no transaction from the page's oldest on. */
function isAllLater(snapshot: string, { oldestTransaction }: WitnessedPage): boolean {
  const [, xmax = "1"] = snapshot.split(":");
  return oldestTransaction >= BigInt(xmax);
}
