import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { z } from "zod";

import { type Blocks, blocksOf } from "./snippets/blocks.ts";
import { ELSEWHERE, NOT_RUN, PAGES } from "./snippets/pages.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Decisions are never edited, and their numbers are of their day. */
const FROZEN = /^docs\/decisions\//;

async function pages(): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(
    "git",
    ["ls-files", "-co", "--exclude-standard", "*.md"],
    {
      cwd: ROOT,
    },
  );
  return stdout.split("\n").filter((page) => page !== "" && !FROZEN.test(page));
}

describe("the blocks of all pages", () => {
  const found = new Map<string, Blocks>();

  before(async () => {
    for (const page of await pages()) {
      if (page in ELSEWHERE) continue;
      // oxlint-disable-next-line no-await-in-loop -- an error names the page
      const text = await readFile(`${ROOT}${page}`, "utf8");
      try {
        found.set(page, blocksOf(text));
      } catch (cause) {
        throw new Error(`${page}: ${String(cause)}`, { cause });
      }
    }
  });

  it("run on their page, or in the test that is named, or say why they do not", () => {
    const running = [...found].flatMap(([page, { runs }]) => (runs.length > 0 ? [page] : []));
    expect(running.toSorted()).to.deep.equal(PAGES.map(({ page }) => page).toSorted());
    const silent = [...found].flatMap(([page, { runs, notRun }]) =>
      runs.length === 0 && notRun.length > 0 ? [[page, notRun.length] as const] : [],
    );
    expect(Object.fromEntries(silent)).to.deep.equal(NOT_RUN);
  });

  it("that another test runs are read by that test", async () => {
    for (const [page, test] of Object.entries(ELSEWHERE)) {
      // oxlint-disable-next-line no-await-in-loop -- two files
      expect(await readFile(`${ROOT}${test}`, "utf8"), page).to.match(/\.md|README|readme/);
    }
  });

  it("name npm scripts that there are", async () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile(`${ROOT}package.json`, "utf8")));
    for (const page of await pages()) {
      // oxlint-disable-next-line no-await-in-loop -- an error names the page
      const text = await readFile(`${ROOT}${page}`, "utf8");
      const named = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(
        ([, name = ""]) => name,
      );
      expect(
        named.filter((name) => !(name in scripts) && !name.endsWith(":")),
        page,
      ).to.deep.equal([]);
    }
  });
});
