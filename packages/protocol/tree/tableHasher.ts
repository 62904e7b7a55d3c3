import { HASH_BYTES, hashRows } from "../keccak/batchKeccak.ts";
import { ROW_BYTES } from "../keccak/keccakModule.ts";
import { nodesAtLevel, concatBytes, treeDepth, emptyNode } from "./levels.ts";

/** A section has 2^12 rows (180 KB), so that a reader can check a download section by section. */
export const SECTION_LEVEL = 12;
export const SECTION_ROWS = 2 ** SECTION_LEVEL;

/** The hashes of a table. */
export interface TableHashes {
  readonly rowCount: number;
  readonly root: Uint8Array;
  /** the roots of all sections, concatenated; the last section is padded with empty rows */
  readonly sections: Uint8Array;
}

/** Hashes a table of any size as its rows arrive. Keeps one section in memory. */
export class TableHasher {
  #rowCount = 0;
  #pending = new Uint8Array(0);
  readonly #sections: Uint8Array[] = [];

  /** Adds the next rows, 44 bytes each, in the order of their places. */
  push(rows: Uint8Array): void {
    let left = rows;
    while (left.length > 0) {
      const room = SECTION_ROWS * ROW_BYTES - this.#pending.length;
      this.#pending = concatBytes([this.#pending, left.subarray(0, room)]);
      left = left.subarray(room);
      if (this.#pending.length === SECTION_ROWS * ROW_BYTES) this.#closeSection();
    }
  }

  /** The root of a full section; `undefined` while it lacks rows. */
  sectionRoot(section: number): Uint8Array | undefined {
    return this.#sections[section];
  }

  /** The hashes of all rows pushed so far. */
  finish(): TableHashes {
    const last = this.#pending;
    const rowCount = this.#rowCount + last.length / ROW_BYTES;
    const depth = treeDepth(rowCount);
    if (this.#sections.length === 0) {
      const leaves = rowCount === 0 ? emptyNode(0) : hashRows(last);
      const root = nodesAtLevel(leaves, { from: 0, to: depth });
      return { rowCount, root, sections: nodesAtLevel(root, { from: depth, to: SECTION_LEVEL }) };
    }
    const sections = concatBytes([
      ...this.#sections,
      ...(last.length === 0 ? [] : [nodesAtLevel(hashRows(last), { from: 0, to: SECTION_LEVEL })]),
    ]);
    return { rowCount, root: nodesAtLevel(sections, { from: SECTION_LEVEL, to: depth }), sections };
  }

  #closeSection(): void {
    this.#rowCount += this.#pending.length / ROW_BYTES;
    this.#sections.push(nodesAtLevel(hashRows(this.#pending), { from: 0, to: SECTION_LEVEL }));
    this.#pending = new Uint8Array(0);
  }
}

/** The number of sections of a table, counting a last one that is not full. */
export function sectionCount(rowCount: number): number {
  return Math.ceil(rowCount / SECTION_ROWS);
}

/** The hash of one section out of the concatenated hashes in `TableHashes.sections`. */
export function sectionHash(sections: Uint8Array, index: number): Uint8Array {
  return sections.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}
