import { glob, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { REASONS } from "@compute-credits/api/problems/reasons";
import { MCP_REASONS } from "../../mcp/reasons.ts";

const MCP = fileURLToPath(new URL("../../mcp/", import.meta.url));

describe("the reasons of the MCP server", () => {
  it("are those that its code gives, and the API's", async () => {
    const given = new Set<string>();
    for await (const name of glob("**/*.ts", { cwd: MCP })) {
      const text = await readFile(`${MCP}${name}`, "utf8");
      for (const [, reason = ""] of text.matchAll(/\breason: "(\w+)"/g)) given.add(reason);
    }
    const own = [...given].filter((reason) => !(reason in REASONS));
    expect(own.toSorted()).to.deep.equal(Object.keys(MCP_REASONS));
  });
});
