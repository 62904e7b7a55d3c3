import { HASH_BYTES, hashRows } from "../keccak/batchKeccak.ts";
import { ROW_BYTES } from "../keccak/keccakModule.ts";
import { climb, concatBytes, depthOf, emptyNode } from "./levels.ts";

/** A section is 2^12 rows: 180 KB, so that whoever downloads a table can check it piece by piece. */
export const SECTION_LEVEL = 12;
export const SECTION_ROWS = 2 ** SECTION_LEVEL;

/** What a table hashes to. */
export interface TableHashes {
  readonly rowCount: number;
  readonly root: Uint8Array;
  /** the roots of its sections, one behind the other, the last one filled up with empty rows */
  readonly sections: Uint8Array;
}

/** Hashes a table of any size as its rows come, in the memory of one section. */
export class TableHasher {
  #rowCount = 0;
  #started = new Uint8Array(0);
  readonly #sections: Uint8Array[] = [];

  /** The next rows, 44 bytes each, in the order of their places. */
  push(rows: Uint8Array): void {
    let left = rows;
    while (left.length > 0) {
      const room = SECTION_ROWS * ROW_BYTES - this.#started.length;
      this.#started = concatBytes([this.#started, left.subarray(0, room)]);
      left = left.subarray(room);
      if (this.#started.length === SECTION_ROWS * ROW_BYTES) this.#closeSection();
    }
  }

  /** The root of a section that is full. */
  closed(section: number): Uint8Array | undefined {
    return this.#sections[section];
  }

  /** Of all that was pushed until now. */
  finish(): TableHashes {
    const last = this.#started;
    const rowCount = this.#rowCount + last.length / ROW_BYTES;
    const depth = depthOf(rowCount);
    if (this.#sections.length === 0) {
      const leaves = rowCount === 0 ? emptyNode(0) : hashRows(last);
      const root = climb(leaves, { from: 0, to: depth });
      return { rowCount, root, sections: climb(root, { from: depth, to: SECTION_LEVEL }) };
    }
    const sections = concatBytes([
      ...this.#sections,
      ...(last.length === 0 ? [] : [climb(hashRows(last), { from: 0, to: SECTION_LEVEL })]),
    ]);
    return { rowCount, root: climb(sections, { from: SECTION_LEVEL, to: depth }), sections };
  }

  #closeSection(): void {
    this.#rowCount += this.#started.length / ROW_BYTES;
    this.#sections.push(climb(hashRows(this.#started), { from: 0, to: SECTION_LEVEL }));
    this.#started = new Uint8Array(0);
  }
}

export function sectionCount(rowCount: number): number {
  return Math.ceil(rowCount / SECTION_ROWS);
}

export function sectionHash(sections: Uint8Array, index: number): Uint8Array {
  return sections.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
}
