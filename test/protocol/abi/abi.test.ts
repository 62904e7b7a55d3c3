import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { renderAbi } from "../../../scripts/local/abiFile.ts";

describe("protocol/abi", () => {
  for (const name of ["ComputeCredits", "Court", "TestDollar"] as const) {
    it(`holds the ABI of the built ${name}: npm run abi writes it`, async () => {
      const { path, text } = await renderAbi(name);
      expect(await readFile(path, "utf8")).to.equal(text);
    });
  }
});
