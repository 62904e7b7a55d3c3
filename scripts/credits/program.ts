import { CommanderError } from "commander";

import { UsageError, refuseKeptByNpm } from "@compute-credits/platform/process/commandLine";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { hideSecrets } from "@compute-credits/platform/process/hideSecrets";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { createFolderCopies } from "../copies/folderCopies.ts";
import { type Context, createContext } from "./context/context.ts";
import { readKeys } from "./context/keySources.ts";
import { createProgress } from "./context/progress.ts";
import {
  COMMON,
  type Common,
  CommonOptions,
  DEFAULTS,
  type Environment,
} from "./frame/commonOptions.ts";
import { createProgram } from "./frame/commands.ts";
import { mistake } from "./frame/mistakes.ts";
import { typedName } from "./frame/options.ts";
import { ASKS, type Ready, type Verb, readOptions } from "./frame/verb.ts";
import { explain } from "./output/explain.ts";
import { humanLines } from "./output/humanLines.ts";
import type { Shown } from "./output/shown.ts";
import { VERBS } from "./verbs.ts";

/** What the program has of its process. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly environment: Environment;
  /** asks a yes-or-no question; `null` if no one is at a terminal */
  readonly ask: ((question: string) => Promise<boolean>) | null;
  /** aborts at Ctrl-C; without the call Ctrl-C ends the process at once */
  readonly interrupted: () => AbortSignal;
}

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Does what the arguments say. Returns the exit code: 1 if it was refused, 2 if it was mistyped. */
export async function runCredits(args: readonly string[], io: Io): Promise<number> {
  let chosen: { readonly verb: Verb; readonly typed: object } | null = null;
  const program = createProgram(io.out, (verb, typed) => (chosen = { verb, typed }));
  try {
    refuseKeptByNpm(typedNames());
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    io.err(error instanceof CommanderError ? mistake(error, args) : messageOf(error));
    return EXIT.usage;
  }
  return chosen === null ? EXIT.usage : await perform(chosen, io);
}

/** Reads the options, does the verb and prints. Secrets and paths of URLs are hidden everywhere. */
async function perform(
  { verb, typed }: { readonly verb: Verb; readonly typed: object },
  io: Io,
): Promise<number> {
  const said = { server: DEFAULTS.server, rpc: DEFAULTS.rpc, isJson: false };
  const secrets = { keys: new Set<string>(), urls: new Set<string>() };
  const publicUrls = new Set<string>();
  const hide = (text: string) =>
    hideSecrets({
      keys: [...secrets.keys],
      urls: [...secrets.urls],
      publicUrls: [...publicUrls],
    })(text);
  const guard = (secret: string) => {
    secrets.keys.add(secret);
    return secret;
  };
  try {
    const common = readOptions(CommonOptions, typed, verb.name);
    said.isJson = common.json;
    const ready: Ready = verb.prepare(typed);
    const server = common.server ?? variable(io, "CREDITS_SERVER") ?? DEFAULTS.server;
    const rpc = common.rpc ?? variable(io, "CREDITS_RPC_URL") ?? DEFAULTS.rpc;
    for (const url of [server, rpc]) if (URL.canParse(url)) secrets.urls.add(url);
    Object.assign(said, { server: originOf(server), rpc: checkedUrl("CREDITS_RPC_URL", rpc) });
    const keys = await readKeys(common, io.environment);
    if (keys.bearer !== null) guard(keys.bearer);
    if (keys.source !== null && keys.source.kind !== "unlocked") guard(keys.source.privateKey);
    const emit = (document: object, line: string) =>
      io.out(hide(said.isJson ? jsonText({ server: said.server, ...document }) : line));
    const sayServer = () => {
      // With --json each document says it.
      if (!said.isJson) io.out(hide(`Asked ${said.server}`));
    };
    const { interrupted } = io;
    const conversation = {
      guard,
      showUrls: (urls: readonly string[]) => {
        for (const url of urls) publicUrls.add(url);
      },
      sayServer,
      emit,
      interrupted,
      ...converse(verb, common, io, hide),
    };
    const folder = common.copies ?? variable(io, "CREDITS_COPIES");
    const copies = folder === undefined ? null : createFolderCopies("--copies", folder);
    const setting = { server: said.server, rpc, keys, copies, variables: io.environment };
    const context: Context = createContext(setting, conversation);
    const work = ready(context);
    const isStream = verb.isStream === true;
    const shown = isStream
      ? await work
      : await conversation.progress(`${verb.name} on ${said.server}`, work);
    if (shown.isStream !== true) print(shown, said, io, hide);
    return shown.hasFailed === true ? EXIT.failed : EXIT.done;
  } catch (error) {
    const { reason, message, next } = explain(error, said);
    const where = { server: said.server, error: { reason, message, next } };
    if (said.isJson) io.out(hide(jsonText(where)));
    io.err(hide(next === null ? message : `${message}\n${next}`));
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

function print(
  { data, lines, csv }: Shown,
  { server, isJson }: { readonly server: string; readonly isJson: boolean },
  { out, err }: Io,
  hide: (text: string) => string,
): void {
  if (isJson) {
    out(hide(jsonText({ server, ...data }, 2)));
    return;
  }
  const asked = `Asked ${server}`;
  if (csv !== undefined) {
    err(asked);
    out(hide(csv.replace(/\r?\n$/, "")));
  } else out(hide([asked, ...(lines ?? humanLines(data))].join("\n")));
}

/** Asks before each signature and transaction of a verb that moves or ends something. */
function converse(verb: Verb, common: Common, io: Io, hide: (text: string) => string) {
  const err = (text: string) => io.err(hide(text));
  // Test wallets hold nothing of worth.
  const isSure = verb.asks === null || common.yes || common.wallet !== undefined;
  if (verb.asks !== null && !isSure && io.ask === null) {
    throw new UsageError(
      `"${verb.name}" ${ASKS[verb.asks]}, and no one is at a terminal to be asked. Give --yes.`,
    );
  }
  return {
    progress: createProgress(err),
    tell: (lines: readonly string[]) => err(lines.join("\n")),
    async confirm() {
      if (isSure || (await io.ask?.("Go on? [y/N] ")) === true) return;
      throw new CreditsError("Stopped. What was not confirmed was neither signed nor sent.", {
        reason: "not_confirmed",
      });
    },
  };
}

/** Without user, password and path, which are not of the server's address. */
function originOf(server: string): string {
  const { origin, username, password } = new URL(checkedUrl("CREDITS_SERVER", server));
  if (`${username}${password}` === "") return origin;
  throw new UsageError("--server takes no user and no password: give a key with --bearer-file.");
}

/** A variable that is set and not empty. */
function variable({ environment }: Io, name: string): string | undefined {
  const text = environment[name];
  return text === "" ? undefined : text;
}

function checkedUrl(name: string, text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new UsageError(`${name} is not an address like http://127.0.0.1:8080.`);
}

function typedNames(): readonly string[] {
  const shapes = [COMMON, ...VERBS.map(({ options }) => options)];
  return [...new Set(shapes.flatMap((shape) => Object.keys(shape).map(typedName)))];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
