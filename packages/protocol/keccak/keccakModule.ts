import { CONSTANTS_AT, LANES, constantBytes, permute, stateLane } from "./permutation.ts";
import {
  type Code,
  TYPE,
  type WasmFunction,
  call,
  concatenated,
  get,
  give,
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

/** Keccak's padding: 0x01 behind the message, 0x80 at the end of the block of 136 bytes, which is in lane 16. */
const PADDING_FIRST = 1n;
const PADDING_LAST = 1n << 63n;

/** Whether the 32 bytes at the first pointer come before those at the second. */
const isLess: WasmFunction = {
  parameters: [TYPE.i32, TYPE.i32],
  results: [TYPE.i32],
  locals: [TYPE.i32],
  body: isLessBody(),
};

function isLessBody(): Code {
  const [left, right, at] = [0, 1, 2];
  const difference = (word: number) =>
    concatenated([get(left), i64.load(8 * word), get(right), i64.load(8 * word), i64.xor]);
  // Words are read from their last byte, so the first byte that differs is at the lowest bit that does.
  const byteAt = (pointer: number, word: number) =>
    concatenated([get(pointer), get(at), i32.add, i32.load8(8 * word)]);
  return concatenated([
    ...[0, 1, 2, 3].map((word) =>
      concatenated([
        difference(word),
        i64.eqz,
        [0x45],
        ifThen(
          concatenated([
            difference(word),
            i64.ctz,
            i32.wrap,
            i32.const(3),
            [0x76],
            set(at),
            byteAt(left, word),
            byteAt(right, word),
            i32.ltU,
            give,
          ]),
        ),
      ]),
    ),
    i32.const(0),
  ]);
}

/** Both lanes of the state from one constant. */
const putConstant = (lane: number, value: bigint): Code =>
  concatenated([
    i32.const(0),
    value === 0n ? v128.zero : [...i64.const(value), ...v128.splat],
    v128.store(stateLane(lane)),
  ]);

/** A lane of the state from two pointers, one for each hash. */
const putLane = (
  lane: number,
  [first, firstOffset]: readonly [number, number],
  [second, secondOffset]: readonly [number, number],
): Code =>
  concatenated([
    i32.const(0),
    get(second),
    get(first),
    v128.load64Zero(firstOffset),
    v128.load64Lane1(secondOffset),
    v128.store(stateLane(lane)),
  ]);

/** The two hashes: 32 bytes each, one behind the other. */
const takeHashes = (destination: number): Code =>
  concatenated(
    ([0, 1] as const).flatMap((which) =>
      [0, 1, 2, 3].map((word) =>
        concatenated([
          get(destination),
          i32.const(0),
          v128.load(stateLane(word)),
          v128.store64Lane(32 * which + 8 * word, which),
        ]),
      ),
    ),
  );

/** Calls `body` for two items at a time: `(source, destination, count)`, where one more than an odd count is hashed. */
function forEachTwo(itemBytes: number, locals: readonly number[], body: Code): WasmFunction {
  const [source, destination, left] = [0, 1, 2];
  return {
    parameters: [TYPE.i32, TYPE.i32, TYPE.i32],
    results: [],
    locals,
    body: repeatWhile(
      concatenated([
        body,
        [...get(source), ...i32.const(2 * itemBytes), ...i32.add, ...set(source)],
        [...get(destination), ...i32.const(64), ...i32.add, ...set(destination)],
        [...get(left), ...i32.const(2), ...i32.sub, ...tee(left)],
        [...i32.const(0), 0x4a],
      ]),
    ),
  };
}

/** Two sibling nodes to the node above them: the smaller one first (OpenZeppelin's `commutativeKeccak256`). */
function hashPairs(): WasmFunction {
  const [source, destination] = [0, 1];
  const [low, high] = [
    [3, 4],
    [5, 6],
  ] as const;
  const order = (which: 0 | 1) => {
    const left = concatenated([get(source), i32.const(64 * which), i32.add]);
    const right = concatenated([get(source), i32.const(64 * which + 32), i32.add]);
    const rightIsLess = concatenated([right, left, call(IS_LESS)]);
    return concatenated([
      [...right, ...left, ...rightIsLess, ...select, ...set(low[which])],
      [...left, ...right, ...rightIsLess, ...select, ...set(high[which])],
    ]);
  };
  return {
    ...forEachTwo(
      64,
      Array<number>(4).fill(TYPE.i32),
      concatenated([
        order(0),
        order(1),
        ...[0, 1, 2, 3].map((word) => putLane(word, [low[0], 8 * word], [low[1], 8 * word])),
        ...[0, 1, 2, 3].map((word) => putLane(4 + word, [high[0], 8 * word], [high[1], 8 * word])),
        ...LANES.slice(8).map((lane) =>
          putConstant(lane, lane === 8 ? PADDING_FIRST : lane === 16 ? PADDING_LAST : 0n),
        ),
        call(PERMUTE),
        takeHashes(destination),
      ]),
    ),
    exportedAs: "hashPairs",
  };
}

/**
 * Rows of 44 bytes (party, then three numbers of eight bytes) to leaves: what `keccak256(keccak256(abi.encode(…)))` is of
 * the same four values in words of 32 bytes.
 */
function hashRows(): WasmFunction {
  const [source, destination] = [0, 1];
  const lane = (index: number, offset: number) =>
    putLane(index, [source, offset], [source, ROW_BYTES + offset]);
  // Twelve zeros come before the address, so that its first four bytes end up in the upper half of lane 1.
  const firstOfParty = (which: 0 | 1) =>
    concatenated([
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
    ...forEachTwo(
      ROW_BYTES,
      [],
      concatenated([
        [...i32.const(0), ...firstOfParty(0), ...firstOfParty(1), ...v128.store(stateLane(1))],
        ...LANES.filter((index) => index !== 1).map((index) => {
          const offset = numbers.get(index);
          if (offset !== undefined) return lane(index, offset);
          return putConstant(index, index === 16 ? PADDING_FIRST | PADDING_LAST : 0n);
        }),
        call(PERMUTE),
        ...LANES.slice(4).map((index) =>
          putConstant(index, index === 4 ? PADDING_FIRST : index === 16 ? PADDING_LAST : 0n),
        ),
        call(PERMUTE),
        takeHashes(destination),
      ]),
    ),
    exportedAs: "hashRows",
  };
}

export const ROW_BYTES = 44;

const PERMUTE = 0;
const IS_LESS = 1;

/** The module, made anew in each process: there is no binary to trust or to rebuild. */
export function keccakModule(): Uint8Array<ArrayBuffer> {
  return moduleBytes([permute, isLess, hashPairs(), hashRows()], {
    offset: CONSTANTS_AT,
    bytes: constantBytes(),
  });
}
