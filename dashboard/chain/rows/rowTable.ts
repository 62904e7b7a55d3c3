import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import { hexToBytes } from "viem";

/** Collects a table's rows, 44 bytes each, as they arrive. */
export class RowTable {
  #bytes = new Uint8Array(1 << 20);
  #length = 0;

  get rowCount(): number {
    return this.#length / ROW_BYTES;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  push(rows: Uint8Array): void {
    const length = this.#length + rows.length;
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(rows, this.#length);
    this.#length = length;
  }

  /** The place of a party's row; -1 if it has none. `party` is an address. */
  placeOf(party: string): number {
    const wanted = hexToBytes(`0x${party.slice(2)}`);
    const bytes = this.bytes;
    for (let place = 0; place < this.rowCount; place++) {
      const at = place * ROW_BYTES;
      let same = 0;
      while (same < wanted.length && bytes[at + same] === wanted[same]) same++;
      if (same === wanted.length) return place;
    }
    return -1;
  }
}
