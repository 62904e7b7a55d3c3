import { concatBytes } from "../tree/levels.ts";
import { MalformedData } from "./malformedData.ts";

/** Bytes that arrive in pieces, taken in the lengths that are asked for. */
export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array[] = [];
  #available = 0;
  #taken = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Exactly so many. Throws `MalformedData` where the file ends before. */
  async take(count: number, what: string): Promise<Uint8Array> {
    while (this.#available < count) {
      // oxlint-disable-next-line no-await-in-loop -- piece after piece
      if (!(await this.#more())) {
        const at = this.#taken + this.#available;
        throw new MalformedData("cut_off", `the file ends at byte ${at}, inside ${what}`);
      }
    }
    const [first] = this.#rest;
    const all = first !== undefined && this.#rest.length === 1 ? first : concatBytes(this.#rest);
    this.#rest = [all.subarray(count)];
    this.#available -= count;
    this.#taken += count;
    return all.subarray(0, count);
  }

  /** Throws `MalformedData` where more follows. */
  async end(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- pieces may be empty
    while (this.#available === 0 && (await this.#more()));
    if (this.#available > 0) {
      throw new MalformedData("trailing_bytes", `more follows after byte ${this.#taken}, the end`);
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#pieces.next();
    if (next.done === true) return false;
    this.#rest.push(next.value);
    this.#available += next.value.length;
    return true;
  }
}
