import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Without `platform`: its example makes a database, which takes longer than all of these. */
const PACKAGES = ["protocol", "api", "rules", "client"];

describe("the example in the README of", () => {
  for (const name of PACKAGES) {
    it(`packages/${name} prints what it says`, async () => {
      const text = await readFile(`${ROOT}packages/${name}/README.md`, "utf8");
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
