import { expect } from "chai";

import { csvText } from "../../../server/http/csv.ts";

describe("csvText", () => {
  for (const [text, cell] of [
    ["=1+1", "'=1+1"],
    ["a;=1+1", '"a;\'=1+1"'],
    [";;=1+1", '";;\'=1+1"'],
    ["a\n=1+1", '"a\n\'=1+1"'],
    ["a\t@SUM(1)", '"a\t\'@SUM(1)"'],
    ["\uff1d1+1", "'\uff1d1+1"],
    ['-1"', '"\'-1"""'],
    ["a-b=c", "a-b=c"],
    ["a,b", '"a,b"'],
  ] as const) {
    it(`writes ${JSON.stringify(text)} so that no spreadsheet runs it`, () => {
      expect(csvText(["text"], [[text]])).to.equal(`text\r\n${cell}\r\n`);
    });
  }
});
