import {
  type Code,
  TYPE,
  type WasmFunction,
  concatCode,
  get,
  i32,
  repeatWhile,
  set,
  tee,
  v128,
} from "./wasmBytes.ts";

/** Keccak's round constants (FIPS 202, section 3.2.5). */
const ROUND_CONSTANTS = [
  0x0000000000000001n,
  0x0000000000008082n,
  0x800000000000808an,
  0x8000000080008000n,
  0x000000000000808bn,
  0x0000000080000001n,
  0x8000000080008081n,
  0x8000000000008009n,
  0x000000000000008an,
  0x0000000000000088n,
  0x0000000080008009n,
  0x000000008000000an,
  0x000000008000808bn,
  0x800000000000008bn,
  0x8000000000008089n,
  0x8000000000008003n,
  0x8000000000008002n,
  0x8000000000000080n,
  0x000000000000800an,
  0x800000008000000an,
  0x8000000080008081n,
  0x8000000000008080n,
  0x0000000080000001n,
  0x8000000080008008n,
];

/** Bits by which step ρ rotates the lane at x + 5y (FIPS 202, section 3.2.2). */
const ROTATIONS = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
];

/** Memory layout: the round constants, the interleaved state of two hashes, then the input. */
export const CONSTANTS_AT = 0;
const STATE_AT = 256;
export const DATA_AT = 1024;

export const LANES = Array.from({ length: 25 }, (_, lane) => lane);
const FIVE = [0, 1, 2, 3, 4];

export const stateLane = (lane: number) => STATE_AT + 16 * lane;

/** The locals, named as in FIPS 202: state `a`, next state `b`, columns `c`, column effects `d`. */
const round = 0;
const a = (lane: number) => 1 + (lane % 25);
const b = (lane: number) => 26 + (lane % 25);
const c = (x: number) => 51 + (x % 5);
const d = (x: number) => 56 + (x % 5);
const scratch = 61;

/** Runs two Keccak-f[1600] permutations at once, on the state in memory. */
export const permute: WasmFunction = {
  parameters: [],
  results: [],
  locals: [TYPE.i32, ...Array<number>(25 + 25 + 5 + 5 + 1).fill(TYPE.v128)],
  body: permuteBody(),
};

function permuteBody(): Code {
  const theta = FIVE.flatMap((x) => [
    ...xorAll(a(x), a(x + 5), a(x + 10), a(x + 15), a(x + 20)),
    ...set(c(x)),
  ]);
  const thetaEffect = FIVE.flatMap((x) => [
    ...rotateLeft(get(c(x + 1)), 1),
    ...get(c(x + 4)),
    ...v128.xor,
    ...set(d(x)),
  ]);
  const rhoPi = LANES.flatMap((lane) => {
    const [x, y] = [lane % 5, Math.floor(lane / 5)];
    const to = y + 5 * ((2 * x + 3 * y) % 5);
    return [...rotateLeft(xorAll(a(lane), d(x)), ROTATIONS[lane] ?? 0), ...set(b(to))];
  });
  const chi = LANES.flatMap((lane) => {
    const row = lane - (lane % 5);
    return [
      ...get(b(row + ((lane + 2) % 5))),
      ...get(b(row + ((lane + 1) % 5))),
      ...v128.andnot,
      ...get(b(lane)),
      ...v128.xor,
      ...set(a(lane)),
    ];
  });
  const iota = [
    ...get(round),
    ...v128.load64Splat(CONSTANTS_AT),
    ...get(a(0)),
    ...v128.xor,
    ...set(a(0)),
  ];

  return concatCode([
    ...LANES.map((lane) => [...i32.const(0), ...v128.load(stateLane(lane)), ...set(a(lane))]),
    repeatWhile(
      concatCode([
        theta,
        thetaEffect,
        rhoPi,
        chi,
        iota,
        [...get(round), ...i32.const(8), ...i32.add, ...tee(round)],
        [...i32.const(8 * ROUND_CONSTANTS.length), ...i32.ltU],
      ]),
    ),
    ...LANES.map((lane) => [...i32.const(0), ...get(a(lane)), ...v128.store(stateLane(lane))]),
  ]);
}

/** Rotates both lanes left. A rotation by whole bytes takes a single shuffle. */
function rotateLeft(value: Code, by: number): Code {
  if (by === 0) return value;
  if (by % 8 === 0) {
    const lanes = Array.from({ length: 16 }, (_, i) => (i & 8) | ((i - by / 8) & 7));
    return [...value, ...tee(scratch), ...get(scratch), ...v128.shuffle(lanes)];
  }
  return concatCode([
    value,
    tee(scratch),
    i32.const(by),
    v128.shl,
    get(scratch),
    i32.const(64 - by),
    v128.shrU,
    v128.or,
  ]);
}

function xorAll(...locals: readonly number[]): Code {
  return locals.flatMap((index, i) => (i === 0 ? get(index) : [...get(index), ...v128.xor]));
}

/** The round constants as little-endian bytes. */
export function constantBytes(): number[] {
  const view = new DataView(new ArrayBuffer(8 * ROUND_CONSTANTS.length));
  ROUND_CONSTANTS.forEach((constant, index) => view.setBigUint64(8 * index, constant, true));
  return [...new Uint8Array(view.buffer)];
}
