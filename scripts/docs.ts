/** `npm run docs`: writes the generated parts of the pages and checks their references. */
import { readFile, writeFile } from "node:fs/promises";

import { readOptions, run } from "@compute-credits/platform/process/commandLine";
import { mistakesOf } from "./docs/checkPage.ts";
import { readFacts } from "./docs/facts.ts";
import { fillPage } from "./docs/fillPage.ts";
import { OPEN_API_FILE, openApiText } from "./docs/openApi.ts";
import { tables } from "./docs/tables.ts";

const HELP = `npm run docs [-- --check]

Writes packages/api/openapi.json, and the generated tables into the pages. Then checks links, paths,
settings, commands and lengths.

  --check    writes nothing: a stale file is a mistake
  --help     this text`;

await run(async () => {
  const { values } = readOptions({
    options: {
      check: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) console.log(HELP);
  else {
    await writeOpenApi(values.check);
    await fillPages(values.check);
  }
});

async function writeOpenApi(checkOnly: boolean): Promise<void> {
  const text = await openApiText();
  if (!checkOnly) await writeFile(OPEN_API_FILE, text);
  else if ((await readFile(OPEN_API_FILE, "utf8")) !== text) {
    console.error(`${OPEN_API_FILE}: stale: run npm run docs`);
    process.exitCode = 1;
  }
}

async function fillPages(checkOnly: boolean): Promise<void> {
  const facts = await readFacts();
  for (const page of facts.pages) {
    const before = await readFile(page, "utf8");
    const after = await fillPage(before, tables);
    if (!checkOnly && after !== before) await writeFile(page, after);
    const stale = checkOnly && after !== before ? ["stale: run npm run docs"] : [];
    for (const mistake of [...stale, ...mistakesOf(page, after, facts)]) {
      console.error(`${page}: ${mistake}`);
      process.exitCode = 1;
    }
  }
}
