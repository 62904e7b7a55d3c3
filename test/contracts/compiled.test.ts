import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { renderAll } from "../../scripts/compiled/render.ts";
import { changedSources } from "../../scripts/compiled/sources.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

describe("the committed forms of the contracts", () => {
  it("come from the sources that are here", async () => {
    expect(await changedSources()).to.deep.equal([]);
  });

  it("equal a build, byte for byte: if not, npm run compiled writes them anew", async () => {
    const rendered = await renderAll();
    expect(rendered).to.have.length(12);
    const differing = await Promise.all(
      rendered.map(async ({ file, text }) => {
        const committed = await readFile(file, "utf8").catch(() => "");
        return committed === text ? [] : [fileURLToPath(file).slice(PROJECT.length)];
      }),
    );
    expect(differing.flat(), "npm run compiled writes these anew").to.deep.equal([]);
  });
});
