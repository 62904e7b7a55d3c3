import { Command, Help, Option } from "commander";

import { GROUPS, VERBS } from "../verbs.ts";
import { COMMON } from "./commonOptions.ts";
import { type OptionShape, factsOf, typedName } from "./options.ts";
import { READERS, type Verb } from "./verb.ts";

/** What the user types before a verb. */
export const COMMAND = "npm run credits --";

/** Characters of a line of help. */
const HELP_WIDTH = 100;

/** The parser of the whole command line, with its help. Calls `choose` with the verb and its options. */
export function createProgram(
  out: (text: string) => void,
  choose: (verb: Verb, typed: object) => void,
): Command {
  const settings = {
    writeOut: (text: string) => out(text.replace(/\n$/, "")),
    writeErr: () => undefined,
    outputError: () => undefined,
    getOutHelpWidth: () => HELP_WIDTH,
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
