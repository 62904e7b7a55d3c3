import { VARIABLES } from "../credits/frame/commonOptions.ts";
import { factsOf, typedName } from "../credits/frame/options.ts";
import { READERS, type Verb } from "../credits/frame/verb.ts";
import { VERBS } from "../credits/verbs.ts";
import { code, table } from "./fillPage.ts";

/** The verbs of `npm run credits` for each reader, and its variables, by the name in docs/cli.md. */
export function verbTables(): readonly (readonly [string, string])[] {
  return [
    ...Object.keys(READERS).map((reader) => {
      const rows = VERBS.filter((verb) => verb.reader === reader).map(cellsOf);
      return [
        `verbs-${reader}`,
        table(["verb", "what it does", "asks, because it"], rows),
      ] as const;
    }),
    [
      "verb-variables",
      table(
        ["variable", "holds"],
        Object.entries(VARIABLES).map(([name, meaning]) => [code(name), meaning]),
      ),
    ],
  ];
}

/** The verb with its required options. */
function cellsOf({ name, options, summary, asks }: Verb): readonly string[] {
  const needed = Object.entries(options)
    .map(([option, schema]) => ({ option, facts: factsOf(schema) }))
    .filter(({ facts }) => facts.isRequired)
    .map(({ option, facts }) => ` --${typedName(option)} ${facts.placeholder ?? ""}`.trimEnd());
  return [code(`${name}${needed.join("")}`), summary, asks ?? ""];
}
