import { type Address, bytesToHex } from "viem";

import { HASH_BYTES, hashRows } from "@compute-credits/protocol/keccak/batchKeccak";
import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import {
  concatBytes,
  emptyNode,
  levelAbove,
  nodesAtLevel,
  treeDepth,
} from "@compute-credits/protocol/tree/levels";
import type { Row } from "@compute-credits/protocol/tree/row";
import { partyAt, rowAt } from "@compute-credits/protocol/tree/rowBytes";
import { SECTION_LEVEL, SECTION_ROWS } from "@compute-credits/protocol/tree/tableHasher";
import type { ShownRow } from "../chain/court.ts";

/**
 * Finds a party's row and its proof in a table that arrives section by section. Keeps one section's
 * leaves and the roots of all sections: 32 bytes for each 4,096 rows.
 */
export class RowFinder {
  readonly #party: Address;
  readonly #sections: Uint8Array[] = [];
  #found: { readonly row: Row; readonly place: number; readonly leaves: Uint8Array } | null = null;

  /** `party` in lower case, as tables have it. */
  constructor(party: Address) {
    this.#party = party;
  }

  /** Takes the next section's rows, 44 bytes each. */
  push(rows: Uint8Array, firstPlace: number): void {
    const leaves = hashRows(rows);
    for (let index = 0; index < rows.length / ROW_BYTES; index++) {
      if (partyAt(rows, index) !== this.#party) continue;
      this.#found = { row: rowAt(rows, index), place: firstPlace + index, leaves };
    }
    this.#sections.push(nodesAtLevel(leaves, { from: 0, to: SECTION_LEVEL }));
  }

  /** The row and its proof in the table of `rowCount` rows; `null` if the party has none. */
  finish(rowCount: number): ShownRow | null {
    if (this.#found === null) return null;
    const { row, place, leaves } = this.#found;
    const depth = treeDepth(rowCount);
    const inSection = siblings(leaves, place % SECTION_ROWS, {
      from: 0,
      to: Math.min(depth, SECTION_LEVEL),
    });
    const above = siblings(concatBytes(this.#sections), Math.floor(place / SECTION_ROWS), {
      from: SECTION_LEVEL,
      to: depth,
    });
    return { row, proof: [...inSection, ...above].map((node) => bytesToHex(node)) };
  }
}

/** The siblings of the node at `place`, from level `from` up to below level `to`. */
function siblings(
  nodes: Uint8Array,
  place: number,
  { from, to }: { readonly from: number; readonly to: number },
): Uint8Array[] {
  const path: Uint8Array[] = [];
  let level = nodes;
  let at = place;
  for (let n = from; n < to; n++) {
    const start = (at ^ 1) * HASH_BYTES;
    path.push(start < level.length ? level.subarray(start, start + HASH_BYTES) : emptyNode(n));
    level = levelAbove(level, n);
    at >>= 1;
  }
  return path;
}
