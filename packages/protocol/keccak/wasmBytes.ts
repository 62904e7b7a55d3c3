/** Encodes the parts of WebAssembly's binary format that the Keccak module needs. */
export type Code = readonly number[];

/** Unsigned LEB128. */
function u32(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Signed LEB128, as `i32.const` and `i64.const` take it. */
function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    const isLast = (rest >> 7n === 0n && low < 0x40) || (rest >> 7n === -1n && low >= 0x40);
    if (isLast) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export const TYPE = { i32: 0x7f, v128: 0x7b } as const;

const END = 0x0b;

export function concatCode(parts: readonly Code[]): number[] {
  return parts.flat();
}

const local = (kind: number) => (index: number) => [kind, ...u32(index)];
export const get = local(0x20);
export const set = local(0x21);
export const tee = local(0x22);

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value))],
  load8: (offset: number): Code => [0x2d, 0, ...u32(offset)],
  eqz: [0x45],
  ltU: [0x49],
  gtS: [0x4a],
  add: [0x6a],
  sub: [0x6b],
  shrU: [0x76],
  wrap: [0xa7],
} as const;

export const i64 = {
  const: (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))],
  load: (offset: number): Code => [0x29, 3, ...u32(offset)],
  load32U: (offset: number): Code => [0x35, 2, ...u32(offset)],
  xor: [0x85],
  shl: [0x86],
  ctz: [0x7a],
  eqz: [0x50],
} as const;

const simd = (opcode: number, ...immediates: readonly number[]): Code => [
  0xfd,
  ...u32(opcode),
  ...immediates,
];

/** A vector holds two 64-bit lanes, one for each of two hashes. */
export const v128 = {
  load: (offset: number) => simd(0, 4, ...u32(offset)),
  store: (offset: number) => simd(11, 4, ...u32(offset)),
  load64Splat: (offset: number) => simd(10, 3, ...u32(offset)),
  load64Zero: (offset: number) => simd(93, 3, ...u32(offset)),
  load64Lane1: (offset: number) => simd(87, 3, ...u32(offset), 1),
  store64Lane: (offset: number, lane: 0 | 1) => simd(91, 3, ...u32(offset), lane),
  zero: simd(12, ...Array<number>(16).fill(0)),
  shuffle: (lanes: readonly number[]) => simd(13, ...lanes),
  splat: simd(18),
  replaceLane1: simd(30, 1),
  andnot: simd(79),
  or: simd(80),
  xor: simd(81),
  shl: simd(203),
  shrU: simd(205),
} as const;

/** Repeats `body` while it leaves a non-zero value on the stack. */
export const repeatWhile = (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, END];
export const call = (index: number): Code => [0x10, ...u32(index)];
/** Picks one of the two values below the condition on the stack. */
export const select: Code = [0x1b];
export const ifThen = (body: Code): Code => [0x04, 0x40, ...body, END];
export const returnNow: Code = [0x0f];

export interface WasmFunction {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  /** types of the locals that follow the parameters */
  readonly locals: readonly number[];
  readonly body: Code;
  readonly exportedAs?: string;
}

const MAGIC_AND_VERSION = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Encodes a module with these functions, one exported memory and one data segment. */
export function moduleBytes(
  functions: readonly WasmFunction[],
  data: { offset: number; bytes: readonly number[] },
): Uint8Array<ArrayBuffer> {
  const exported = functions.flatMap(({ exportedAs }, index) =>
    exportedAs === undefined ? [] : [[...text(exportedAs), 0, ...u32(index)]],
  );
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(
      1,
      list(functions.map((f) => [0x60, ...listOf(f.parameters), ...listOf(f.results)])),
    ),
    ...section(3, list(functions.map((_, index) => u32(index)))),
    ...section(5, list([[0, 1]])),
    ...section(7, list([[...text("memory"), 2, 0], ...exported])),
    ...section(10, list(functions.map(functionCode))),
    ...section(11, list([[0, ...i32.const(data.offset), END, ...listOf(data.bytes)]])),
  ]);
}

function functionCode({ locals, body }: WasmFunction): number[] {
  const code = [...list(locals.map((type) => [1, type])), ...body, END];
  return [...u32(code.length), ...code];
}

const text = (characters: string) => listOf([...new TextEncoder().encode(characters)]);
const listOf = (bytes: readonly number[]) => [...u32(bytes.length), ...bytes];
const list = (items: readonly Code[]) => [...u32(items.length), ...items.flat()];
const section = (id: number, content: readonly number[]) => [id, ...listOf(content)];
