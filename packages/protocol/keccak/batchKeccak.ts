import { ROW_BYTES, keccakModule } from "./keccakModule.ts";
import { DATA_AT } from "./permutation.ts";

export const HASH_BYTES = 32;

/** Items per call into WebAssembly. One call takes about two milliseconds. */
export const BATCH = 4_096;

const destinationAt = DATA_AT + 2 * HASH_BYTES * (BATCH + 1);
const { memory, hashPairs: wasmPairs, hashRows: wasmRows } = instantiate();
const bytes = new Uint8Array(memory.buffer);

/**
 * Hashes pairs of sibling nodes (64 bytes) into their parents (32 bytes). The smaller sibling goes
 * first. Throws a `RangeError` if `pairs` is not a multiple of 64 bytes.
 */
export function hashPairs(pairs: Uint8Array): Uint8Array<ArrayBuffer> {
  return inBatches(pairs, 2 * HASH_BYTES, wasmPairs);
}

/**
 * Hashes rows (44 bytes) into leaves (32 bytes), as `rowLeaf` does. Throws a `RangeError` if `rows`
 * is not a multiple of 44 bytes.
 */
export function hashRows(rows: Uint8Array): Uint8Array<ArrayBuffer> {
  return inBatches(rows, ROW_BYTES, wasmRows);
}

function inBatches(input: Uint8Array, itemBytes: number, hash: HashItems): Uint8Array<ArrayBuffer> {
  const count = input.length / itemBytes;
  if (!Number.isInteger(count)) throw new RangeError(`not whole items of ${itemBytes} bytes`);
  const hashes = new Uint8Array(count * HASH_BYTES);
  for (let done = 0; done < count; done += BATCH) {
    const now = Math.min(BATCH, count - done);
    bytes.set(input.subarray(done * itemBytes, (done + now) * itemBytes), DATA_AT);
    hash(DATA_AT, destinationAt, now);
    hashes.set(bytes.subarray(destinationAt, destinationAt + now * HASH_BYTES), done * HASH_BYTES);
  }
  return hashes;
}

/** Hashes `count` items from `source` to `destination`, both offsets in the module's memory. */
type HashItems = (source: number, destination: number, count: number) => void;

interface KeccakExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly hashPairs: HashItems;
  readonly hashRows: HashItems;
}

/** Declared here because TypeScript has `WebAssembly` only in its DOM types, which Node lacks. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: KeccakExports };
};

function instantiate(): KeccakExports {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(keccakModule()));
  const needed = destinationAt + HASH_BYTES * (BATCH + 1);
  exports.memory.grow(Math.ceil(needed / 65_536));
  return exports;
}
