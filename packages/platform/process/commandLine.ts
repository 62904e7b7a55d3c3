import { type ParseArgsConfig, inspect, parseArgs } from "node:util";

import type { Address } from "viem";

import { ADDRESS_FORM, parseAddress } from "@compute-credits/protocol/address";
import { hideUrls } from "./hideSecrets.ts";

/** The user typed something that a command cannot take. The message says what to type instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * Runs a command. A mistake of the user is printed without a stack: a `UsageError`, or an error
 * that `explain` has a text for. Any other error is printed whole. Both end with exit code 1.
 */
export async function run(
  command: () => Promise<void>,
  explain: (error: unknown) => string | null = () => null,
): Promise<void> {
  try {
    await command();
  } catch (error) {
    const text = error instanceof UsageError ? error.message : explain(error);
    // Errors of libraries name URLs, in which RPC providers put keys.
    console.error(hideUrls(text ?? inspect(error)));
    process.exitCode = 1;
  }
}

/**
 * Reads a command's options. Throws a `UsageError` that names the option that was probably meant.
 */
export function readOptions<const T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  const names = Object.keys(config.options ?? {});
  refuseKeptByNpm(names);
  try {
    return parseArgs(config);
  } catch (error) {
    throw usageError(error, names);
  }
}

/** Throws a `UsageError` if npm took one of these options, because no `--` stood before it. */
export function refuseKeptByNpm(names: readonly string[]): void {
  const kept = names.find(isKeptByNpm);
  if (kept === undefined) return;
  throw new UsageError(
    `npm took --${kept} for an option of its own. Write -- first: ${npmCommand()} -- … --${kept} …`,
  );
}

/** An address. Throws a `UsageError` that names the option, for a wrong checksum too. */
export function addressOption(option: string, text: string): Address {
  const address = parseAddress(text);
  if (address !== null) return address;
  const problem = text === "" ? `${option} is missing.` : `${option} is "${text}".`;
  throw new UsageError(`${problem} It must be ${ADDRESS_FORM}.`);
}

/** A whole number within bounds. Throws a `UsageError` for anything else. */
export function wholeNumber(
  option: string,
  text: string,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option} is a whole number from ${least} to ${most}, not "${text}".`);
}

/** An http(s) address. Throws a `UsageError` for anything else. */
export function httpUrl(option: string, text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new UsageError(`${option} is an address like http://127.0.0.1:8080, not "${text}".`);
}

/** The choice that begins with what was typed, or is spelled almost like it, if there is one. */
export function closest(typed: string, choices: readonly string[]): string | null {
  const begun = typed === "" ? undefined : choices.find((choice) => choice.startsWith(typed));
  if (begun !== undefined) return begun;
  const [best] = choices
    .map((choice) => ({ choice, distance: distanceBetween(typed.toLowerCase(), choice) }))
    .toSorted((a, b) => a.distance - b.distance);
  if (best === undefined) return null;
  const isClose = best.distance <= Math.max(1, Math.floor(typed.length / 2));
  return isClose ? best.choice : null;
}

/** Options of npm itself, which users set in their .npmrc: their variables prove nothing. */
const NPM_SETTINGS = new Set(["audit", "json", "yes"]);

/** Without a -- before it, an option never reaches the command: npm makes it a variable. */
function isKeptByNpm(option: string): boolean {
  if (NPM_SETTINGS.has(option)) return false;
  return process.env[`npm_config_${option.replaceAll("-", "_")}`] !== undefined;
}

function npmCommand(): string {
  const script = process.env["npm_lifecycle_event"] ?? "start";
  return script === "start" ? "npm start" : `npm run ${script}`;
}

function usageError(error: unknown, names: readonly string[]): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  const [, quoted = ""] = /'(.*?)(?: <value>)?'/.exec(error.message) ?? [];
  switch (error.code) {
    case "ERR_PARSE_ARGS_UNKNOWN_OPTION": {
      const meant = closest(quoted.replace(/^-+/, ""), names);
      const hint = meant === null ? "" : ` Did you mean --${meant}?`;
      return new UsageError(`There is no option ${quoted}.${hint} --help lists the options.`);
    }
    case "ERR_PARSE_ARGS_INVALID_OPTION_VALUE":
      return new UsageError(
        error.message.includes("does not take")
          ? `${quoted} takes no value.`
          : `${quoted} needs a value after it. --help lists the options.`,
      );
    case "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL":
      return new UsageError(`"${quoted}" is not understood. --help lists the options.`);
    default:
      return error;
  }
}

/** How many letters have to be inserted, deleted or replaced (Levenshtein). */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
