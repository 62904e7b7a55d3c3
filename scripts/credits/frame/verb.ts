import { z } from "zod";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { Context } from "../context/context.ts";
import type { Shown } from "../output/shown.ts";
import { type OptionShape, typedName } from "./options.ts";

/** Whom a verb is for: the headings of help and of docs/cli.md. */
export const READERS = {
  user: "For wallet users, and who spends for them",
  provider: "For providers",
  operator: "For operators and auditors",
} as const;

export type Reader = keyof typeof READERS;

/** Why a verb asks before it does something. */
export const ASKS = {
  moves: "moves credits or tokens",
  permits: "lets someone spend, charge or read",
  lasts: "cannot be taken back",
} as const;

/** `null`: it does not ask. */
export type Asks = keyof typeof ASKS | null;

interface Declared<Shape extends OptionShape> {
  /** one or two words: `balance`, `view-keys create` */
  readonly name: string;
  readonly reader: Reader;
  /** under twelve words: a cell of docs/cli.md */
  readonly summary: string;
  /** more for help */
  readonly details?: string;
  /** what follows `npm run credits --` */
  readonly examples: readonly [string, ...string[]];
  readonly asks: Asks;
  /** It prints what comes until it is ended: no progress is told meanwhile. */
  readonly isStream?: boolean;
  readonly options: Shape;
  readonly run: (context: Context, values: z.output<z.ZodObject<Shape>>) => Promise<Shown>;
}

/** A verb whose options are read: what is left is to do it. */
export type Ready = (context: Context) => Promise<Shown>;

/** A verb of `npm run credits`: help, docs/cli.md and the parser are made of it. */
export interface Verb extends Omit<Declared<OptionShape>, "run"> {
  /** Throws a `UsageError` for the first option that is missing or cannot be read. */
  readonly prepare: (typed: unknown) => Ready;
}

export function verb<const Shape extends OptionShape>(declared: Declared<Shape>): Verb {
  const { run, ...facts } = declared;
  const schema = z.object(declared.options);
  return {
    ...facts,
    prepare: (typed) => {
      const values = readOptions(schema, typed, declared.name);
      return (context) => run(context, values);
    },
  };
}

/** Reads typed options. Throws a `UsageError` that names the option and what it must be. */
export function readOptions<Schema extends z.ZodObject>(
  schema: Schema,
  typed: unknown,
  name: string,
): z.output<Schema> {
  const parsed = schema.safeParse(typed);
  if (parsed.success) return parsed.data;
  const [{ path, message } = { path: [], message: "" }] = parsed.error.issues;
  throw new UsageError(
    `--${typedName(String(path[0]))} ${message}. See npm run credits -- ${name} --help`,
  );
}
