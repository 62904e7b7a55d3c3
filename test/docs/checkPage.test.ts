import { expect } from "chai";

import { type Facts, anchorsOf, mistakesOf } from "../../scripts/docs/checkPage.ts";

const facts: Facts = {
  files: new Set(["docs/a.md", "docs/b.md", "server/main.ts"]),
  anchors: new Map([["docs/b.md", anchorsOf("# B\n\n## What `it` does, twice\n")]]),
  npmScripts: new Set(["start", "docs"]),
  settings: new Set(["FEE_BPS"]),
};

const check = (text: string) => mistakesOf("docs/a.md", text, facts);

describe("the check of a page", () => {
  it("finds nothing on a page whose links, paths, settings and commands exist", () => {
    const text =
      "See [b](b.md#what-it-does-twice), [web](https://example.org), `server/main.ts`, `FEE_BPS`.\n\n" +
      "```\nnpm run docs -- --check\n```\n\n| a | b |\n| - | - |\n| one two | `x | y` |\n";
    expect(check(text)).to.deep.equal([]);
  });

  for (const [what, text, mistake] of [
    ["a link to no page", "[c](c.md)", "no such place: c.md"],
    ["a link to no heading", "[b](b.md#once)", "no such place: b.md#once"],
    ["a path that is gone", "`server/domain/`", "no such file: server/domain/"],
    ["a path in an example", "```\nnode scripts/x.ts\n```", "no such file: scripts/x.ts"],
    ["a setting that is gone", "`FEE_BIPS`", "no such setting: FEE_BIPS"],
    ["a command that is gone", "npm run abi", "no such command: npm run abi"],
  ] as const) {
    it(`finds ${what}`, () => {
      expect(check(text)).to.deep.equal([mistake]);
    });
  }

  it("finds cells of twelve words, and pages of over 200 lines", () => {
    const cell = "a b c d e f g h i j k l";
    expect(check(`| ${cell} |\n`)).to.deep.equal([`a cell of more than 11 words: ${cell}`]);
    expect(check("line\n".repeat(201))).to.deep.equal(["more than 200 lines"]);
  });

  it("does not count the lines of generated tables", () => {
    const generated = `<!-- generated: rows -->\n${"line\n".repeat(201)}<!-- /generated -->\n`;
    expect(check(`${generated}${"line\n".repeat(198)}${generated}`)).to.deep.equal([]);
    expect(check(`${generated}${"line\n".repeat(199)}${generated}`)).to.deep.equal([
      "more than 200 lines",
    ]);
  });
});
