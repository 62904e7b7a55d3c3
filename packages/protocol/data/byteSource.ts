import { concatBytes } from "../tree/levels.ts";
import { MalformedData } from "./malformedData.ts";

/** Reads a stream of chunks in the lengths that the caller asks for. */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array[] = [];
  #available = 0;
  #taken = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * Reads exactly `count` bytes. Throws `MalformedData` (`cut_off`) if the stream ends earlier;
   * `what` names the part of the file in that error.
   */
  async take(count: number, what: string): Promise<Uint8Array> {
    while (this.#available < count) {
      // oxlint-disable-next-line no-await-in-loop -- chunks arrive in order
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

  /** Throws `MalformedData` (`trailing_bytes`) unless the stream ends here. */
  async expectEnd(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- chunks may be empty
    while (this.#available === 0 && (await this.#more()));
    if (this.#available > 0) {
      throw new MalformedData(
        "trailing_bytes",
        `the file should end at byte ${this.#taken}, but more bytes follow`,
      );
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    this.#rest.push(next.value);
    this.#available += next.value.length;
    return true;
  }
}
