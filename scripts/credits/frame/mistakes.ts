import type { CommanderError } from "commander";

import { closest } from "@compute-credits/platform/process/commandLine";
import { GROUPS, VERBS } from "../verbs.ts";
import { COMMAND } from "./commands.ts";
import { COMMON } from "./commonOptions.ts";
import { quoted, typedName } from "./options.ts";
import type { Verb } from "./verb.ts";

/** One line for what commander could not parse. */
export function mistake({ code, message }: CommanderError, args: readonly string[]): string {
  // Without a value: it may be a key.
  const [, option = ""] = /'([^'=]*)/.exec(message) ?? [];
  const verb = verbIn(args);
  const help = verb === null ? "--help lists the verbs" : `See ${COMMAND} ${verb.name} --help`;
  switch (code) {
    case "commander.unknownCommand":
      return unknownVerb(args);
    case "commander.help":
      return `A verb is missing. ${COMMAND} --help lists the verbs.`;
    case "commander.unknownOption": {
      const names = Object.keys({ ...verb?.options, ...COMMON }).map(typedName);
      const meant = verb === null ? null : closest(option.replace(/^-+/, ""), names);
      const hint = meant === null ? "" : ` Did you mean --${meant}?`;
      return verb === null
        ? `There is no option ${option}. --help lists the options.`
        : `There is no option ${option}.${hint} ${help}`;
    }
    case "commander.optionMissingArgument":
      return `${option.split(" ")[0]} needs a value after it. ${help}`;
    case "commander.excessArguments":
      return `"${verb?.name}" takes options only, such as --${someOption(verb)}. ${help}`;
    default:
      return `The command cannot be read (${code}). ${help}`;
  }
}

function someOption(verb: Verb | null): string {
  return typedName(Object.keys({ ...verb?.options, ...COMMON })[0] ?? "help");
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
  return `There is no verb ${quoted(typed)}.${hint} ${COMMAND} --help lists the verbs.`;
}
