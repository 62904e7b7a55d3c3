import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";
import { depositAddressesAbi } from "@compute-credits/protocol/abi/depositAddresses";

/** The ERC-20 face that always reverts is described together. */
const REVERTING = ["approve", "transfer", "transferFrom"];

describe("docs/contract.md and docs/governance.md", () => {
  it("name every function that changes something, and no other in their tables", async () => {
    const pages = await Promise.all(
      ["contract", "governance"].map((name) =>
        readFile(new URL(`../../docs/${name}.md`, import.meta.url), "utf8"),
      ),
    );
    const text = pages.join("\n");
    const functions = [...computeCreditsAbi, ...courtAbi, ...depositAddressesAbi].flatMap(
      (entry) => (entry.type === "function" ? [entry] : []),
    );
    const changing = functions.flatMap(({ name, stateMutability }) =>
      stateMutability === "view" || stateMutability === "pure" ? [] : [name],
    );
    const isNamed = (name: string) => new RegExp(`\`${name}[\`(]`).test(text);
    expect(changing.filter((name) => !isNamed(name))).to.deep.equal([]);

    const names = new Set<string>(functions.map(({ name }) => name));
    const inTables = [...text.matchAll(/^\| `(\w+)` /gm)].map(([, name = ""]) => name);
    expect(inTables.filter((name) => !names.has(name))).to.deep.equal([]);
    expect(inTables).to.have.length.greaterThan(30);
    expect(REVERTING.every(isNamed)).to.equal(true);
  });
});
