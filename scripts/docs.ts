/** `npm run docs`: writes the generated tables into the pages. `-- --check` only says which are stale. */
import { readFile, readdir, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { fillPage } from "./docs/fillPage.ts";
import { tables } from "./docs/tables.ts";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

const FOLDER = new URL("../docs/", import.meta.url);

const names = (await readdir(FOLDER)).filter((name) => name.endsWith(".md"));
const pages = await Promise.all(
  names.map(async (name) => {
    const before = await readFile(new URL(name, FOLDER), "utf8");
    return { name, before, after: await fillPage(before, tables) };
  }),
);
const stale = pages.filter(({ before, after }) => before !== after);

if (values.check && stale.length > 0) {
  for (const { name } of stale) console.error(`docs/${name} is stale: run npm run docs`);
  process.exitCode = 1;
} else {
  for (const { name, after } of stale) await writeFile(new URL(name, FOLDER), after);
}
