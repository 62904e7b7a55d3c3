import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { expect } from "chai";

interface Message {
  readonly severity: string;
  readonly errorCode: string;
}

const solc: {
  compile(input: string, callbacks: { import: (path: string) => { contents: string } }): string;
} = createRequire(import.meta.url)("solc");

/** Every accessor of each packed word. Any other accessor must not compile. */
const ACCESSORS: Readonly<Record<string, readonly string[]>> = {
  PartyRecord: [
    "purchased",
    "isRedirected",
    "spent",
    "refunded",
    "earned",
    "equals",
    "withPurchase",
    "withRedirection",
    "withRow",
    "plus",
    "since",
  ],
  SettledTotals: ["feesTaken", "spent", "refunded", "earned", "plus", "plusFees"],
  CheckpointSlot: ["finalAt", "droppedAt", "epoch", "spent", "refunded", "earned", "withFinalAt"],
  Movement: ["spent", "refunded"],
};
const TYPES = Object.keys(ACCESSORS);
const ALL = new Set(Object.values(ACCESSORS).flat());

/** The compiler's codes: no such member, a wrong argument, a wrong result. */
const NO_MEMBER = "9582";
const WRONG_ARGUMENT = "9553";
const WRONG_RESULT = "6359";

describe("the vault's packed words", () => {
  for (const type of TYPES) {
    it(`${type} has its own accessors`, () => {
      const uses = (ACCESSORS[type] ?? []).map((name) => `word.${name};`).join(" ");
      expect(errorsOf(`function right(${type} word) pure { ${uses} }`)).to.deep.equal([]);
    });

    for (const name of [...ALL].filter((accessor) => !ACCESSORS[type]?.includes(accessor))) {
      it(`${type} has no ${name}`, () => {
        const source = `function wrong(${type} word) pure { word.${name}; }`;
        expect(errorsOf(source)).to.deep.equal([NO_MEMBER]);
      });
    }

    for (const other of TYPES.filter((each) => each !== type)) {
      it(`a ${type} is no ${other}`, () => {
        const source = `function wrong(${type} word) pure returns (${other}) { return word; }`;
        expect(errorsOf(source)).to.deep.equal([WRONG_RESULT]);
      });
    }
  }

  it("SettledTotals adds nothing but a movement", () => {
    const source = `
      function wrong(SettledTotals totals, PartyRecord record) pure returns (SettledTotals) {
        return totals.plus(record);
      }`;
    expect(errorsOf(source)).to.deep.equal([WRONG_ARGUMENT]);
  });
});

/** The codes of the compiler's errors for a free function that uses the four types. */
function errorsOf(source: string): string[] {
  const imports = TYPES.map((type) => `import {${type}} from "contracts/libraries/${type}.sol";`);
  const content = ["pragma solidity 0.8.37;", ...imports, source].join("\n");
  const input = { language: "Solidity", sources: { "use.sol": { content } } };
  const { errors = [] }: { errors?: Message[] } = JSON.parse(
    solc.compile(JSON.stringify(input), {
      import: (path) => ({ contents: readFileSync(path, "utf8") }),
    }),
  );
  return errors.filter(({ severity }) => severity === "error").map(({ errorCode }) => errorCode);
}
