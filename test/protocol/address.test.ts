import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";

import { expect } from "chai";
import { checksumAddress } from "viem";

import { parseAddress } from "@compute-credits/protocol/address";

const LOWER = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const CHECKSUMMED = checksumAddress(LOWER);
const WRONG = CHECKSUMMED.replace("C5", "c5");

describe("an address as text", () => {
  it("in lower case or with its checksum is read, into lower case", () => {
    expect(parseAddress(LOWER)).to.equal(LOWER);
    expect(parseAddress(CHECKSUMMED)).to.equal(LOWER);
  });

  const refused: readonly (readonly [string, string])[] = [
    ["a wrong checksum", WRONG],
    ["capitals only", `0x${LOWER.slice(2).toUpperCase()}`],
    ["a capital X", LOWER.replace("0x", "0X")],
    ["no 0x", LOWER.slice(2)],
    ["39 digits", LOWER.slice(0, -1)],
    ["41 digits", `${LOWER}0`],
    ["another letter", LOWER.replace("c8", "cg")],
    ["a space", ` ${LOWER}`],
    ["a line break", `${LOWER}\n`],
    ["nothing", ""],
  ];
  for (const [what, text] of refused) {
    it(`with ${what} is refused`, () => {
      expect(parseAddress(text)).to.equal(null);
    });
  }

  it("is read by this one parser in all programs", async () => {
    const others: string[] = [];
    const files = glob("{packages,server,auditor,scripts,simulation,bench}/**/*.ts", {
      exclude: (name) => name.includes("node_modules"),
    });
    for await (const file of files) {
      if (file === "packages/protocol/address.ts") continue;
      if (/\b(?:isAddress|getAddress)\(/.test(readFileSync(file, "utf8"))) others.push(file);
    }
    expect(others).to.deep.equal([]);
  });
});
