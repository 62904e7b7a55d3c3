import type { Hex } from "viem";

/** PostgreSQL's type ids, from the catalogue `pg_type`. */
export const OID = {
  bytea: 17,
  int8: 20,
  byteaArray: 1001,
  int8Array: 1016,
  timestamptz: 1184,
  numericArray: 1231,
  numeric: 1700,
} as const;

/** Parsers of column values for both drivers. All numeric columns hold whole numbers. */
export const PARSERS: Record<
  number,
  (text: string) => bigint | Hex | readonly Hex[] | readonly bigint[]
> = {
  [OID.bytea]: hexOf,
  [OID.byteaArray]: hexesOf,
  [OID.int8]: bigintOf,
  [OID.int8Array]: bigintsOf,
  [OID.numeric]: bigintOf,
  [OID.numericArray]: bigintsOf,
};

/**
 * Parses a `timestamptz` of this era in UTC: `2026-01-31 12:00:00.123456+00`. `null` for any other
 * text. Microseconds are dropped. The driver's own parser takes ten times as long, which readers of
 * thousands of rows notice.
 */
export function timestampOf(text: string): Date | null {
  const { length } = text;
  if (length < 22 || length > 29 || text[4] !== "-" || !text.endsWith("+00")) return null;
  const at = (index: number) => text.charCodeAt(index) - 48;
  const two = (index: number) => at(index) * 10 + at(index + 1);
  let ms = 0;
  for (let index = 20, weight = 100; index < length - 3 && weight >= 1; index++, weight /= 10) {
    ms += at(index) * weight;
  }
  const year = two(0) * 100 + two(2);
  // `Date.UTC` takes years before 100 for those of 1900.
  if (year < 100) return null;
  return new Date(Date.UTC(year, two(5) - 1, two(8), two(11), two(14), two(17), ms));
}

/** Shares one object for zero and for "no limit", the most frequent values, to save memory. */
function bigintOf(text: string): bigint {
  if (text === "0") return 0n;
  return text === NO_LIMIT_TEXT ? NO_LIMIT : BigInt(text);
}

const NO_LIMIT = 2n ** 64n - 1n;
const NO_LIMIT_TEXT = `${NO_LIMIT}`;

function hexOf(text: string): Hex {
  return `0x${text.slice(2)}`;
}

/** Parses `{"\\\\x01","\\\\x02"}`. Elements are hex, so they contain no comma or quote. */
function hexesOf(text: string): readonly Hex[] {
  return (text.match(/x[0-9a-f]*/g) ?? []).map((digits) => hexOf(`\\${digits}`));
}

/** Parses `{1,2}`, an array without nulls. */
function bigintsOf(text: string): readonly bigint[] {
  return text === "{}" ? [] : text.slice(1, -1).split(",").map(BigInt);
}

/** Writes a `bytea` parameter. */
export function bytea(hex: Hex): string {
  return `\\x${hex.slice(2)}`;
}

/** Writes a `bytea[]` parameter in the text form that PostgreSQL parses fastest. */
export function byteaArray(values: readonly Hex[]): string {
  return `{${values.map((hex) => `"\\\\x${hex.slice(2)}"`).join(",")}}`;
}

/**
 * Concatenates values of equal size into one `bytea` parameter, which PostgreSQL parses faster than
 * an array. Read it with `packedColumn`.
 */
export function packedBytes(values: readonly Hex[]): string {
  let digits = "\\x";
  for (const hex of values) digits += hex.slice(2);
  return digits;
}

/** SQL: the value at `index` (from 1) of a packed parameter, with `size` bytes per value. */
export function packedColumn(packed: string, index: string, size: number): string {
  return `substring(${packed}::bytea, ${size} * ${index}::int - ${size - 1}, ${size})`;
}

/**
 * SQL: one of several values that each row has packed one after the other, of the row `n` (from 1).
 * `sizes` are the values' bytes, in their order.
 */
export function packedSlice<Name extends string>(
  packed: string,
  sizes: Readonly<Record<Name, number>>,
  wanted: Name,
): string {
  let before = 0;
  let rowBytes = 0;
  for (const name in sizes) {
    if (name === wanted) before = rowBytes;
    rowBytes += sizes[name];
  }
  const start = `${rowBytes} * n::int - ${rowBytes - 1 - before}`;
  return `substring(${packed}::bytea, ${start}, ${sizes[wanted]})`;
}

/** Writes a `bigint[]`, `numeric[]` or `smallint[]` parameter. */
export function numberArray(values: readonly (bigint | number | "null")[]): string {
  return `{${values.join(",")}}`;
}

/** Writes a `boolean[]` parameter. */
export function booleanArray(values: readonly boolean[]): string {
  return `{${values.join(",")}}`;
}

/** Writes a `text[]`, `jsonb[]` or `timestamptz[]` parameter. */
export function textArray(values: readonly string[]): string {
  return `{${values.map(quoted).join(",")}}`;
}

function quoted(text: string): string {
  const isPlain = !text.includes('"') && !text.includes("\\");
  return isPlain ? `"${text}"` : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** Like `textArray`, but allows nulls, for nullable columns. */
export function nullableTextArray(values: readonly (string | null)[]): string {
  return `{${values.map((text) => (text === null ? "null" : quoted(text))).join(",")}}`;
}
