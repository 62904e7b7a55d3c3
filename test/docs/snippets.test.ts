import { expect } from "chai";

import { blocksOf } from "./snippets/blocks.ts";
import { isAsPrinted } from "./snippets/pattern.ts";

const fence = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\`\n`;

describe("the blocks of a page", () => {
  it("run if they are commands or programs, and the block below is what they print", () => {
    const page = `Text.\n\n${fence("sh", "ls")}\n${fence("", "a\nb")}\n${fence("ts", "let a;")}`;
    expect(blocksOf(page)).to.deep.equal({
      runs: [
        { kind: "sh", line: 3, text: "ls\n", file: null, printed: "a\nb\n" },
        { kind: "ts", line: 12, text: "let a;\n", file: null, printed: null },
      ],
      notRun: [],
    });
  });

  it("are saved if the sentence above names a file, also over two lines", () => {
    const [block] = blocksOf(`It pays. Save this as\n\`pay.ts\`:\n\n${fence("ts", "pay();")}`).runs;
    expect(block?.file).to.equal("pay.ts");
  });

  it("do not run if the page says why", () => {
    const mark = "_Not run by the tests: it needs\na Ledger._";
    const page = `${mark}\n\n${fence("sh", "sign")}\n${fence("", "signed")}`;
    expect(blocksOf(page)).to.deep.equal({ runs: [], notRun: ["it needs a Ledger."] });
  });

  for (const [what, page] of [
    ["of another language", fence("yaml", "a: 1")],
    ["without a language and a command", `Text.\n\n${fence("", "npm start")}`],
    ["that a sentence parts from its command", `${fence("sh", "ls")}\nIt:\n\n${fence("", "a")}`],
    ["that is a second output", `${fence("sh", "ls")}\n${fence("", "a")}\n${fence("", "b")}`],
  ] as const) {
    it(`are refused if there is one ${what}`, () => {
      expect(() => blocksOf(page)).to.throw("is neither run, nor what one prints, nor marked");
    });
  }
});

describe("a listing of a page", () => {
  it("is text or data", () => {
    expect(blocksOf(`${fence("json", "{}")}\n${fence("text", "a = b\nan npm")}`)).to.deep.equal({
      runs: [],
      notRun: [],
    });
  });

  it("has no command that readers would type", () => {
    for (const line of ["npm run credits -- me", "$ ls", "A=1 npx node a.ts", "curl -s http://a"]) {
      expect(() => blocksOf(fence("text", `x\n${line}`)), line).to.throw("let it be sh");
    }
  });
});

describe("what a page says that a command prints", () => {
  for (const [what, printed, output, isRight] of [
    ["the same text", "a (b)\nc\n", "a (b)  \r\nc\n\n", true],
    ["another text", "a\n", "b\n", false],
    ["a line more", "a\n", "a\nb\n", false],
    ["any text for …", "cost … credits\n", "cost 0.01 credits\n", true],
    ["no text of another line for …", "cost …\n", "cost 1\nmore\n", false],
    ["any lines for a line of …", "a\n…\nz\n", "a\nb\nc\nz\n", true],
    ["no line for a line of …", "a\n…\nz\n", "a\nz\n", true],
    ["digits for 0x…", "id 0x…;\n", "id 0x12aF;\n", true],
    ["no other text for 0x…", "id 0x…;\n", "id 0x12 zz;\n", false],
  ] as const) {
    it(`${isRight ? "matches" : "does not match"} ${what}`, () => {
      expect(isAsPrinted(printed, output)).to.equal(isRight);
    });
  }
});
