import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { REASONS } from "@compute-credits/api/problems/reasons";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The text of every source file that can make a refusal, without the table itself. */
async function sources(): Promise<string> {
  const folders = ["server", "packages/rules"];
  const texts = folders.map(async (folder) => {
    const names = await readdir(join(ROOT, folder), { recursive: true });
    const files = names.filter((name) => name.endsWith(".ts"));
    return await Promise.all(files.map((name) => readFile(join(ROOT, folder, name), "utf8")));
  });
  return (await Promise.all(texts)).flat().join("\n");
}

describe("reasons of problems", () => {
  it("have a place in the code that gives them", async () => {
    const text = await sources();
    const unused = Object.keys(REASONS).filter((reason) => !text.includes(`"${reason}"`));
    expect(unused).to.deep.equal([]);
  });

  it("say in under twelve words what they mean and what to do next", () => {
    for (const [reason, { meaning, next }] of Object.entries(REASONS)) {
      for (const cell of [meaning, next]) {
        expect(cell.split(" "), `${reason}: ${cell}`).to.have.length.below(12);
        expect(cell, reason).to.match(/\.$/);
      }
    }
  });
});
