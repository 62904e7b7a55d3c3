import { Command, CommanderError, Help, Option } from "commander";

import {
  UsageError,
  closest,
  refuseKeptByNpm,
} from "@compute-credits/platform/process/commandLine";
import { hideSecrets } from "@compute-credits/platform/process/hideSecrets";
import { jsonText } from "@compute-credits/protocol/jsonText";
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
import { type OptionShape, factsOf, typedName } from "./frame/options.ts";
import { ASKS, READERS, type Ready, type Verb, readOptions } from "./frame/verb.ts";
import { explain } from "./output/explain.ts";
import { humanLines } from "./output/humanLines.ts";
import type { Shown } from "./output/shown.ts";
import { GROUPS, VERBS } from "./verbs.ts";

/** What the program has of its process. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly environment: Environment;
  /** asks a yes-or-no question; `null` if no one is at a terminal */
  readonly ask: ((question: string) => Promise<boolean>) | null;
}

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

const COMMAND = "npm run credits --";

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
  let hide = hideSecrets({ keys: [], urls: [] });
  try {
    const common = readOptions(CommonOptions, typed, verb.name);
    said.isJson = common.json;
    const ready: Ready = verb.prepare(typed);
    const server = common.server ?? io.environment["CREDITS_SERVER"] ?? DEFAULTS.server;
    const rpc = common.rpc ?? io.environment["CREDITS_RPC_URL"] ?? DEFAULTS.rpc;
    Object.assign(said, { server: originOf(server), rpc: checkedUrl("CREDITS_RPC_URL", rpc) });
    const keys = await readKeys(common, io.environment);
    const secrets = [keys.bearer, io.environment["CREDITS_CUSTOMER_KEY"]].filter(isText);
    const owned =
      keys.source === null || keys.source.kind === "unlocked" ? [] : [keys.source.privateKey];
    hide = hideSecrets({ keys: [...owned, ...secrets], urls: [server, rpc] });
    const conversation = converse(verb, common, io, hide);
    const setting = { server: said.server, rpc, keys, variables: io.environment };
    const context: Context = createContext(setting, conversation);
    const shown = await conversation.progress(`${verb.name} on ${said.server}`, ready(context));
    print(shown, said, io, hide);
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
      throw new UsageError("Stopped. What was not confirmed was neither signed nor sent.");
    },
  };
}

/** Without user, password and path, which are not of the server's address. */
function originOf(server: string): string {
  const { origin, username, password } = new URL(checkedUrl("CREDITS_SERVER", server));
  if (`${username}${password}` === "") return origin;
  throw new UsageError("--server takes no user and no password: give a key with --bearer-file.");
}

function checkedUrl(name: string, text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text;
  throw new UsageError(`${name} is not an address like http://127.0.0.1:8080.`);
}

function createProgram(
  out: (text: string) => void,
  choose: (verb: Verb, typed: object) => void,
): Command {
  const settings = {
    writeOut: (text: string) => out(text.replace(/\n$/, "")),
    writeErr: () => undefined,
    outputError: () => undefined,
    getOutHelpWidth: () => 100,
  };
  const create = (name: string) =>
    new Command(name)
      .exitOverride()
      .configureOutput(settings)
      .configureHelp({ formatHelp, visibleCommands: (command) => [...command.commands] })
      .helpOption("--help", "this text")
      .helpCommand(false);
  const program = create(COMMAND)
    .usage("VERB [OPTIONS]")
    .description("Everything that a wallet, a provider or an operator does, on any chain.")
    .addHelpText(
      "after",
      `\n${COMMAND} VERB --help explains a verb, with examples. See docs/cli.md.`,
    );

  const groups = new Map<string, Command>();
  for (const verb of VERBS) {
    const [first = "", second] = verb.name.split(" ");
    const parent = second === undefined ? program : groupOf(first);
    const command = create(second ?? first)
      .summary(verb.summary)
      .description(descriptionOf(verb))
      .helpGroup(`${READERS[verb.reader]}:`)
      .usage("[OPTIONS]")
      .allowExcessArguments(false)
      .action((typed: object) => choose(verb, typed))
      .addHelpText(
        "after",
        `\nExamples:\n${verb.examples.map((line) => `  ${COMMAND} ${line}`).join("\n")}`,
      );
    addOptions(command, verb.options, "Options:");
    addOptions(command, COMMON, "Server, wallet and output:");
    parent.addCommand(command);
  }
  return program;

  function groupOf(name: string): Command {
    const known = groups.get(name);
    if (known !== undefined) return known;
    const facts = GROUPS[name];
    if (facts === undefined) throw new Error(`no words for the verbs ${name} …`);
    const group = create(name)
      .description(facts.summary)
      .usage("VERB [OPTIONS]")
      .helpGroup(`${READERS[facts.reader]}:`);
    groups.set(name, group);
    program.addCommand(group);
    return group;
  }
}

function descriptionOf({ summary, details, asks }: Verb): string {
  const asking =
    asks === null
      ? []
      : ["Shows what it does and asks first; --yes answers yes, and is needed without a terminal."];
  return [`${summary}.`, ...(details === undefined ? [] : [details]), ...asking].join("\n\n");
}

function addOptions(command: Command, options: OptionShape, heading: string): void {
  for (const [name, schema] of Object.entries(options)) {
    const { placeholder, about, isRequired, isRepeated, fallback } = factsOf(schema);
    const notes = [
      ...(isRequired ? ["required"] : []),
      ...(isRepeated ? ["repeatable"] : []),
      ...(fallback === null ? [] : [`default: ${fallback}`]),
    ];
    const text = notes.length === 0 ? about : `${about} (${notes.join(", ")})`;
    const value = placeholder === null ? "" : ` <${placeholder}>`;
    const option = new Option(`--${typedName(name)}${value}`, text).helpGroup(heading);
    if (isRepeated) {
      option.argParser((next: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        next,
      ]);
    }
    command.addOption(option);
  }
}

/** As commander has it, but the first line is the command itself. */
function formatHelp(command: Command, helper: Help): string {
  return Help.prototype.formatHelp.call(helper, command, helper).replace(/^Usage: /, "");
}

/** One line for what commander could not parse. */
function mistake({ code, message }: CommanderError, args: readonly string[]): string {
  const [, quoted = ""] = /'(.*?)'/.exec(message) ?? [];
  const verb = verbIn(args);
  const help = verb === null ? "--help lists the verbs" : `See ${COMMAND} ${verb.name} --help`;
  switch (code) {
    case "commander.unknownCommand":
      return unknownVerb(args);
    case "commander.help":
      return `A verb is missing. ${COMMAND} --help lists the verbs.`;
    case "commander.unknownOption": {
      const names = Object.keys({ ...verb?.options, ...COMMON }).map(typedName);
      const meant = verb === null ? null : closest(quoted.replace(/^-+/, ""), names);
      const hint = meant === null ? "" : ` Did you mean --${meant}?`;
      return verb === null
        ? `There is no option ${quoted}. --help lists the options.`
        : `There is no option ${quoted}.${hint} ${help}`;
    }
    case "commander.optionMissingArgument":
      return `${quoted.split(" ")[0]} needs a value after it. ${help}`;
    case "commander.excessArguments":
      return `"${verb?.name}" takes options only, such as ${Object.keys({
        ...verb?.options,
        ...COMMON,
      })
        .slice(0, 1)
        .map((name) => `--${typedName(name)}`)
        .join()}. ${help}`;
    default:
      return `${message.replace(/^error: /, "")}. ${help}`;
  }
}

/** The verb that the arguments begin with. */
function verbIn([first = "", second = ""]: readonly string[]): Verb | null {
  return VERBS.find(({ name }) => name === first || name === `${first} ${second}`) ?? null;
}

function unknownVerb([first = "", second = ""]: readonly string[]): string {
  const typed = Object.hasOwn(GROUPS, first) ? `${first} ${second}` : first;
  const names = [...VERBS.map(({ name }) => name), ...Object.keys(GROUPS)];
  const meant = closest(typed, names);
  const hint = meant === null ? "" : ` Did you mean "${meant}"?`;
  return `There is no verb "${typed}".${hint} ${COMMAND} --help lists the verbs.`;
}

function typedNames(): readonly string[] {
  const shapes = [COMMON, ...VERBS.map(({ options }) => options)];
  return [...new Set(shapes.flatMap((shape) => Object.keys(shape).map(typedName)))];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isText(value: string | null | undefined): value is string {
  return value !== null && value !== undefined && value !== "";
}
