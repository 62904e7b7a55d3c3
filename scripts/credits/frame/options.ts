import { z } from "zod";

import { ADDRESS_FORM, parseAddress } from "@compute-credits/protocol/address";
import { MAX_MICROS, formatCredits, parseCredits } from "@compute-credits/protocol/amounts";
import { Bytes32Field, SpenderField, TimeField } from "@compute-credits/protocol/json/fields";

/** What help says of an option. The parser is its schema. */
export interface OptionFacts {
  /** what stands for the value in help, or `null` for an option without one */
  readonly placeholder: string | null;
  readonly about: string;
  readonly isRequired: boolean;
  readonly isRepeated: boolean;
  /** the text that is parsed if the option is absent */
  readonly fallback: string | null;
}

/** Options by their names in camelCase: `groupBy` is typed as `--group-by`. */
export type OptionShape = Readonly<Record<string, z.ZodType>>;

const facts = new Map<z.core.$ZodType, OptionFacts>();

/** The facts of an option. Throws for a schema that none of the functions here made. */
export function factsOf(option: z.core.$ZodType): OptionFacts {
  const found = facts.get(option);
  if (found === undefined) throw new Error("an option was not made by options.ts");
  return found;
}

/** A kind of value: its schema, whose messages follow the option's name, and its placeholder. */
export interface ValueKind<Schema extends z.ZodType> {
  readonly placeholder: string;
  readonly schema: Schema;
}

const NEEDED = { placeholder: null, isRequired: false, isRepeated: false, fallback: null };

export function required<S extends z.ZodType>(
  { placeholder, schema }: ValueKind<S>,
  about: string,
) {
  // A clone: one kind has a description for each of its options.
  const option = schema.describe(about);
  facts.set(option, { ...NEEDED, placeholder, about, isRequired: true });
  return option;
}

export function optional<S extends z.ZodType>(
  { placeholder, schema }: ValueKind<S>,
  about: string,
) {
  const option = schema.optional();
  facts.set(option, { ...NEEDED, placeholder, about });
  return option;
}

/** `fallback` is parsed like a typed value. */
export function withDefault<S extends z.ZodType>(
  { placeholder, schema }: ValueKind<S>,
  about: string,
  fallback: string,
) {
  const option = z.preprocess((typed) => typed ?? fallback, schema);
  facts.set(option, { ...NEEDED, placeholder, about, fallback });
  return option;
}

/** May be given several times, up to a hundred; becomes a list, empty if absent. */
export function repeated<S extends z.ZodType>(
  { placeholder, schema }: ValueKind<S>,
  about: string,
) {
  const option = z.array(schema).max(100, "may be given at most 100 times").default([]);
  facts.set(option, { ...NEEDED, placeholder, about, isRepeated: true });
  return option;
}

/** Takes no value. */
export function flag(about: string) {
  const option = z.boolean().default(false);
  facts.set(option, { ...NEEDED, about });
  return option;
}

/** Text of which `read` makes a value, or `null` if it is not `form`. */
function kind<T>(placeholder: string, form: string, read: (text: string) => T | null) {
  const schema = z.string("is missing").transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: "custom", message: `is ${form}, not ${quoted(text)}` });
    return z.NEVER;
  });
  return { placeholder, schema };
}

/** Credits, as `bigint` micro-credits. Rounds nothing. */
export const AMOUNT = kind(
  "AMOUNT",
  `an amount like 100 or 12.5, with at most six decimals and at most ${formatCredits(MAX_MICROS)}`,
  (text) => {
    try {
      const micros = parseCredits(text);
      return micros <= MAX_MICROS ? micros : null;
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  },
);

/** In lower case. A wrong checksum is refused. */
export const ADDRESS = kind("ADDRESS", ADDRESS_FORM, parseAddress);

export const ID = kind("ID", "32 bytes: 0x and 64 hex digits", readBy(Bytes32Field));

/** As the 32 bytes that allowances name. */
export const SPENDER = kind(
  "SPENDER",
  "a spender: a wallet's address, or the hash of an API key (0x and 64 hex digits)",
  readBy(SpenderField),
);

export const TIME = kind(
  "TIME",
  "a day or a time with its zone, like 2026-01-31 or 2026-01-31T12:00:00Z",
  (text) => {
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
    const parsed = TimeField.safeParse(isDay ? `${text}T00:00:00Z` : text);
    return parsed.success ? parsed.data : null;
  },
);

const UUID_FORM = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export const UUID = kind("UUID", "an id like 4be0643f-1d98-473b-97cd-ca98a65347dd", (text) =>
  UUID_FORM.test(text) ? text : null,
);

export const TEXT = kind("TEXT", "a text", (text) => (text === "" ? null : text));

export const FILE = { ...TEXT, placeholder: "FILE" };

export const URL_OF = kind("URL", "an address like http://127.0.0.1:8080", (text) =>
  /^https?:\/\//.test(text) && URL.canParse(text) ? text : null,
);

/** A whole number within bounds, as `bigint`. */
export function whole(least: bigint, most: bigint) {
  return kind("NUMBER", `a whole number from ${least} to ${most}`, (text) => {
    const value = /^\d{1,78}$/.test(text) ? BigInt(text) : null;
    return value !== null && value >= least && value <= most ? value : null;
  });
}

/** As `whole`, as a `number`. `most` is at most 2^53. */
export function count(least: number, most: number) {
  const { placeholder, schema } = whole(BigInt(least), BigInt(most));
  return { placeholder, schema: schema.transform(Number) };
}

/** Rows of one page, at most `most`. */
export function rowsAtMost(most: number, fallback = 100) {
  return withDefault(count(1, most), "rows at most", `${fallback}`);
}

/** Where a page begins. */
export function cursorOf<S extends z.ZodType>(valueKind: ValueKind<S>) {
  return optional(valueKind, "nextCursor of the page before");
}

export function choice<const Name extends string>(...names: readonly [Name, ...Name[]]) {
  return kind(names.join("|"), `one of ${names.join(", ")}`, (text) => {
    return names.find((name) => name === text) ?? null;
  });
}

/** `name=value`, as a pair. */
export const PAIR = kind("NAME=VALUE", "a pair like gpu=H100", (text) => {
  const [, name, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  return name === undefined || value === undefined ? null : ([name, value] as const);
});

function readBy<S extends z.ZodType>(schema: S): (text: string) => z.output<S> | null {
  return (text) => {
    const parsed = schema.safeParse(text);
    return parsed.success ? parsed.data : null;
  };
}

/** As long as an address. */
const MOST_SHOWN = 42;

/** A wrong text in quotes, unless it may be a key that was typed in a wrong place. */
export function quoted(text: string): string {
  return text.length > MOST_SHOWN || /^cc[a-z]*_/.test(text) ? "what was typed" : `"${text}"`;
}

/** The name as it is typed: `groupBy` → `group-by`. */
export function typedName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
