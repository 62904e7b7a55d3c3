import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { blocksOf } from "./snippets/blocks.ts";

const DOCS = fileURLToPath(new URL("../../docs/", import.meta.url));

const read = (page: string) => readFile(`${DOCS}${page}`, "utf8");

/** The lines of a page's program, without empty lines and comments. */
async function linesOf(page: string, file: string): Promise<string[]> {
  const { runs } = blocksOf(await read(page));
  const program = runs.find((block) => block.file === file);
  if (program === undefined) throw new Error(`${page} saves no ${file}`);
  return program.text.split("\n").filter((line) => !/^\s*(?:\/\/|\/\*\*|\*|$)/.test(line));
}

/** What a program by hand has to charge: all but the file that it reads keys from, and its calls. */
async function byHand(): Promise<number> {
  const lines = await linesOf("readers/provider.md", "service.ts");
  return lines.filter((line) => !/readFile|^\s*console\.log|^\);|"provider\.key"/.test(line))
    .length;
}

async function charging(page: string, file: string): Promise<number> {
  const lines = await linesOf(page, file);
  // The customer's part of a page's program is not the provider's.
  const own = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith("const answer")),
  );
  const isCharging = /compute-credits|createCredits|credits\.|chargeOf|provider\.key|readFile/;
  return own.filter((line) => isCharging.test(line)).length;
}

describe("the table of a provider's own lines", () => {
  it("has the numbers that are counted in the programs of the pages", async () => {
    const hand = await byHand();
    const rows = (await read("examples.md")).split("\n").filter((line) => line.startsWith("| ["));
    const told = rows.map((row) =>
      row
        .split("|")
        .slice(1, 4)
        .map((cell) => cell.trim()),
    );
    expect(told).to.deep.equal([
      [
        "[middleware](middleware.md)",
        `${hand}`,
        `${await charging("middleware.md", "service.ts")}`,
      ],
      ["[gateway](gateway.md)", `${hand}`, `${await charging("gateway.md", "models.ts")}`],
      // The program that the agent's page runs is its user's, whole: none of its lines charges.
      ["[meter agent](meter.md)", `${hand}`, "0"],
    ]);
    const { runs } = blocksOf(await read("meter.md"));
    const metered = runs.find(({ text }) => text.includes("npm run meter -- run"))?.text ?? "";
    expect(metered).to.match(/ -- \\\n +node -e/);
  });
});
