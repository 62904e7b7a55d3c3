import type { Hex } from "viem";

/** PostgreSQL's type numbers, from its catalogue `pg_type`. */
export const OID = {
  bytea: 17,
  int8: 20,
  byteaArray: 1001,
  int8Array: 1016,
  numericArray: 1231,
  numeric: 1700,
} as const;

/** How values are read, whichever driver reads them. Every numeric column is a whole number. */
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

/** What most columns are most of the time, nothing or no limit, is one object, not one for each row that is remembered. */
function bigintOf(text: string): bigint {
  if (text === "0") return 0n;
  return text === NO_LIMIT_TEXT ? NO_LIMIT : BigInt(text);
}

const NO_LIMIT = 2n ** 64n - 1n;
const NO_LIMIT_TEXT = `${NO_LIMIT}`;

function hexOf(text: string): Hex {
  return `0x${text.slice(2)}`;
}

/** `{"\\\\x01","\\\\x02"}`: the elements are hex, so no comma and no quote is ever inside one. */
function hexesOf(text: string): readonly Hex[] {
  return (text.match(/x[0-9a-f]*/g) ?? []).map((digits) => hexOf(`\\${digits}`));
}

/** `{1,2}`, of numbers that are all there. */
function bigintsOf(text: string): readonly bigint[] {
  return text === "{}" ? [] : text.slice(1, -1).split(",").map(BigInt);
}

/** A `bytea` parameter. */
export function bytea(hex: Hex): string {
  return `\\x${hex.slice(2)}`;
}

/** A `bytea[]` parameter, as the text that PostgreSQL parses fastest. */
export function byteaArray(values: readonly Hex[]): string {
  return `{${values.map((hex) => `"\\\\x${hex.slice(2)}"`).join(",")}}`;
}

/** Values of one size one after the other, as a `bytea` parameter: read with `packedColumn`, faster than any array. */
export function packedBytes(values: readonly Hex[]): string {
  let digits = "\\x";
  for (const hex of values) digits += hex.slice(2);
  return digits;
}

/** SQL: the value at a place, from 1, of packed ones that are `size` bytes each. */
export function packedColumn(packed: string, place: string, size: number): string {
  return `substring(${packed}::bytea, ${size} * ${place}::int - ${size - 1}, ${size})`;
}

/** A `bigint[]`, `numeric[]` or `smallint[]` parameter. */
export function numberArray(values: readonly (bigint | number | "null")[]): string {
  return `{${values.join(",")}}`;
}

/** A `text[]`, `jsonb[]` or `timestamptz[]` parameter. */
export function textArray(values: readonly string[]): string {
  return `{${values.map((text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`;
}

/** Like `textArray`, with nulls: nullable `jsonb[]` columns. */
export function nullableTextArray(values: readonly (string | null)[]): string {
  return `{${values.map((text) => (text === null ? "null" : textArray([text]).slice(1, -1))).join(",")}}`;
}
