/** `npm run docs`: fills in the generated parts of the pages, and checks what the pages refer to. */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { mistakesOf } from "./docs/checkPage.ts";
import { readFacts } from "./docs/facts.ts";
import { fillPage } from "./docs/fillPage.ts";
import { tables } from "./docs/tables.ts";

const HELP = `npm run docs [-- --check]

Writes the generated tables into the pages, then checks links, paths, settings, commands and lengths.

  --check    writes nothing: a stale page is a mistake`;

const { values } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const facts = await readFacts();
  for (const page of facts.pages) {
    const before = await readFile(page, "utf8");
    const after = await fillPage(before, tables);
    if (!values.check && after !== before) await writeFile(page, after);
    const stale = values.check && after !== before ? ["stale: run npm run docs"] : [];
    for (const mistake of [...stale, ...mistakesOf(page, after, facts)]) {
      console.error(`${page}: ${mistake}`);
      process.exitCode = 1;
    }
  }
}
