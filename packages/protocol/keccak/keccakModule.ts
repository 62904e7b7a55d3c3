import { CONSTANTS_AT, LANES, constantBytes, permute, stateLane } from "./permutation.ts";
import {
  type Code,
  TYPE,
  type WasmFunction,
  call,
  concatCode,
  get,
  returnNow,
  i32,
  i64,
  ifThen,
  moduleBytes,
  repeatWhile,
  select,
  set,
  tee,
  v128,
} from "./wasmBytes.ts";

/**
 * Keccak's padding: 0x01 after the message, 0x80 in the last byte of the 136-byte block (lane 16).
 */
const PADDING_FIRST = 1n;
const PADDING_LAST = 1n << 63n;

/** Compares the 32 bytes at two pointers: 1 if the first are lower, else 0. */
const isLess: WasmFunction = {
  parameters: [TYPE.i32, TYPE.i32],
  results: [TYPE.i32],
  locals: [TYPE.i32],
  body: isLessBody(),
};

function isLessBody(): Code {
  const [left, right, at] = [0, 1, 2];
  const difference = (word: number) =>
    concatCode([get(left), i64.load(8 * word), get(right), i64.load(8 * word), i64.xor]);
  // Loads are little-endian, so the lowest bit that differs is in the first byte that differs.
  const byteAt = (pointer: number, word: number) =>
    concatCode([get(pointer), get(at), i32.add, i32.load8(8 * word)]);
  return concatCode([
    ...[0, 1, 2, 3].map((word) =>
      concatCode([
        difference(word),
        i64.eqz,
        i32.eqz,
        ifThen(
          concatCode([
            difference(word),
            i64.ctz,
            i32.wrap,
            i32.const(3),
            i32.shrU,
            set(at),
            byteAt(left, word),
            byteAt(right, word),
            i32.ltU,
            returnNow,
          ]),
        ),
      ]),
    ),
    i32.const(0),
  ]);
}

/** Stores one constant in a lane of both states. */
const storeConstant = (lane: number, value: bigint): Code =>
  concatCode([
    i32.const(0),
    value === 0n ? v128.zero : [...i64.const(value), ...v128.splat],
    v128.store(stateLane(lane)),
  ]);

/** Loads 64 bits from each of two pointers into a lane: one pointer per hash. */
const storeLane = (
  lane: number,
  [first, firstOffset]: readonly [number, number],
  [second, secondOffset]: readonly [number, number],
): Code =>
  concatCode([
    i32.const(0),
    get(second),
    get(first),
    v128.load64Zero(firstOffset),
    v128.load64Lane1(secondOffset),
    v128.store(stateLane(lane)),
  ]);

/** Stores both hashes at `destination`, 32 bytes each, one after the other. */
const storeHashes = (destination: number): Code =>
  concatCode(
    ([0, 1] as const).flatMap((which) =>
      [0, 1, 2, 3].map((word) =>
        concatCode([
          get(destination),
          i32.const(0),
          v128.load(stateLane(word)),
          v128.store64Lane(32 * which + 8 * word, which),
        ]),
      ),
    ),
  );

/**
 * Builds `(source, destination, count)`, which runs `body` for two items at a time. An odd count
 * hashes one item too many, so the buffers have room for it.
 */
function forEachPair(itemBytes: number, locals: readonly number[], body: Code): WasmFunction {
  const [source, destination, left] = [0, 1, 2];
  return {
    parameters: [TYPE.i32, TYPE.i32, TYPE.i32],
    results: [],
    locals,
    body: repeatWhile(
      concatCode([
        body,
        [...get(source), ...i32.const(2 * itemBytes), ...i32.add, ...set(source)],
        [...get(destination), ...i32.const(64), ...i32.add, ...set(destination)],
        [...get(left), ...i32.const(2), ...i32.sub, ...tee(left)],
        [...i32.const(0), ...i32.gtS],
      ]),
    ),
  };
}

/** Hashes two siblings into their parent, smaller first (OpenZeppelin's `commutativeKeccak256`). */
function hashPairs(): WasmFunction {
  const [source, destination] = [0, 1];
  const [low, high] = [
    [3, 4],
    [5, 6],
  ] as const;
  const order = (which: 0 | 1) => {
    const left = concatCode([get(source), i32.const(64 * which), i32.add]);
    const right = concatCode([get(source), i32.const(64 * which + 32), i32.add]);
    const rightIsLess = concatCode([right, left, call(IS_LESS)]);
    return concatCode([
      [...right, ...left, ...rightIsLess, ...select, ...set(low[which])],
      [...left, ...right, ...rightIsLess, ...select, ...set(high[which])],
    ]);
  };
  return {
    ...forEachPair(
      64,
      Array<number>(4).fill(TYPE.i32),
      concatCode([
        order(0),
        order(1),
        ...[0, 1, 2, 3].map((word) => storeLane(word, [low[0], 8 * word], [low[1], 8 * word])),
        ...[0, 1, 2, 3].map((word) =>
          storeLane(4 + word, [high[0], 8 * word], [high[1], 8 * word]),
        ),
        ...LANES.slice(8).map((lane) =>
          storeConstant(lane, lane === 8 ? PADDING_FIRST : lane === 16 ? PADDING_LAST : 0n),
        ),
        call(PERMUTE),
        storeHashes(destination),
      ]),
    ),
    exportedAs: "hashPairs",
  };
}

/**
 * Hashes 44-byte rows (party, then three uint64) into leaves: `keccak256(keccak256(abi.encode(…)))`
 * of the same four values as 32-byte words.
 */
function hashRows(): WasmFunction {
  const [source, destination] = [0, 1];
  const lane = (index: number, offset: number) =>
    storeLane(index, [source, offset], [source, ROW_BYTES + offset]);
  // The address has twelve zero bytes in front, so its first four bytes are lane 1's upper half.
  const firstOfParty = (which: 0 | 1) =>
    concatCode([
      get(source),
      i64.load32U(ROW_BYTES * which),
      i64.const(32n),
      i64.shl,
      which === 0 ? v128.splat : v128.replaceLane1,
    ]);
  const numbers = new Map([
    [2, 4],
    [3, 12],
    [7, 20],
    [11, 28],
    [15, 36],
  ]);
  return {
    ...forEachPair(
      ROW_BYTES,
      [],
      concatCode([
        [...i32.const(0), ...firstOfParty(0), ...firstOfParty(1), ...v128.store(stateLane(1))],
        ...LANES.filter((index) => index !== 1).map((index) => {
          const offset = numbers.get(index);
          if (offset !== undefined) return lane(index, offset);
          return storeConstant(index, index === 16 ? PADDING_FIRST | PADDING_LAST : 0n);
        }),
        call(PERMUTE),
        ...LANES.slice(4).map((index) =>
          storeConstant(index, index === 4 ? PADDING_FIRST : index === 16 ? PADDING_LAST : 0n),
        ),
        call(PERMUTE),
        storeHashes(destination),
      ]),
    ),
    exportedAs: "hashRows",
  };
}

/** Size of a published row: an address and three uint64. */
export const ROW_BYTES = 44;

const PERMUTE = 0;
const IS_LESS = 1;

/** Assembles the module's bytes at start, so that the repository holds no binary to trust. */
export function keccakModule(): Uint8Array<ArrayBuffer> {
  return moduleBytes([permute, isLess, hashPairs(), hashRows()], {
    offset: CONSTANTS_AT,
    bytes: constantBytes(),
  });
}
