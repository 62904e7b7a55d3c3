import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Without `platform`, whose example makes a database, which takes longer than all of these, and
 * `client`, whose example needs a server: test/client/published.test.ts runs it.
 */
const PACKAGES = ["protocol", "api", "rules"];

const PAGES = [...PACKAGES.map((name) => `packages/${name}/README.md`), "docs/allowance-fields.md"];

describe("the example in", () => {
  for (const page of PAGES) {
    it(`${page} prints what it says`, async () => {
      const text = await readFile(`${ROOT}${page}`, "utf8");
      const [, example = "", printed] = /```ts\n([^]*?)```\n\n```\n([^]*?)```/.exec(text) ?? [];
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ["--input-type=module-typescript", "-"],
        { cwd: ROOT, input: example, encoding: "utf8" },
      );
      expect(stdout, stderr).to.equal(printed);
    });
  }
});
