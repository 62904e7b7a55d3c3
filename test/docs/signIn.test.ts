import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { startMeteredStack } from "../fixtures/meteredStack.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

describe("docs/sign-in.md", () => {
  it("has an example that prints what it says", async () => {
    const page = await readFile(`${ROOT}docs/sign-in.md`, "utf8");
    const [, example = "", printed] = /```ts\n([^]*?)```\n\n```\n([^]*?)```/.exec(page) ?? [];
    const stack = await startMeteredStack("PGlite");
    try {
      const program = spawn(process.execPath, ["--input-type=module-typescript", "-"], {
        cwd: ROOT,
      });
      const output = Promise.all([text(program.stdout), text(program.stderr)]);
      program.stdin.end(example.replace("http://127.0.0.1:8080", stack.server.url));
      await once(program, "close");
      const [shown, errors] = await output;
      expect(shown, errors).to.equal(printed);
    } finally {
      await stack.stop();
    }
  });
});
