import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

function run(command: string, args: readonly string[], cwd: string, input?: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    ...(input === undefined ? {} : { input }),
  });
  expect(status, `${stdout}${stderr}`).to.equal(0);
  return stdout;
}

describe("the published SDK", () => {
  let project: string;
  before(async () => {
    project = await mkdtemp(path.join(tmpdir(), "compute-credits-project-"));
    await writeFile(path.join(project, "package.json"), '{ "type": "module" }');
    const file = run(
      process.execPath,
      [path.join(ROOT, "scripts/packClient.ts"), project],
      project,
    ).trim();
    const quietly = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    const { devDependencies, dependencies } = JSON.parse(
      await readFile(path.join(ROOT, "package.json"), "utf8"),
    );
    const compiler = `typescript@${devDependencies.typescript}`;
    const viem = `viem@${dependencies.viem}`;
    run("npm", ["install", ...quietly, `./${file}`, viem, compiler], project);
  });
  after(() => rm(project, { recursive: true, force: true }));

  it("runs the quick start of its README in an empty project", async () => {
    const text = await readFile(
      path.join(project, "node_modules/@compute-credits/client/README.md"),
      "utf8",
    );
    const [, example = "", printed] = /```ts\n([^]*?)```\n\n```\n([^]*?)```/.exec(text) ?? [];
    const script = ["--input-type=module-typescript", "-"];
    expect(run(process.execPath, script, project, example)).to.equal(printed);
  });

  it("has types that a strict program compiles with, routes of the API included", async () => {
    await writeFile(
      path.join(project, "program.ts"),
      `import { CreditsError, createApi } from "@compute-credits/client";
import { getAccount } from "@compute-credits/client/api/accounts/accounts";

const address = "0x90f79bf6eb2c4f870365e785982e1f101e93b906";
export const left: Promise<bigint> = createApi("http://127.0.0.1:1")
  .call(getAccount, { params: { address } })
  .then(({ availableMicros }) => availableMicros);
export const next = (error: unknown) => (error instanceof CreditsError ? error.next : null);
// @ts-expect-error -- the address is missing
void createApi("http://127.0.0.1:1").call(getAccount, {});
`,
    );
    const options = "--noEmit --strict --module nodenext --target es2024 --lib es2024,dom";
    const compiler = path.join(project, "node_modules/typescript/bin/tsc");
    const args = [compiler, ...options.split(" "), "--types", "", "--skipLibCheck", "program.ts"];
    run(process.execPath, args, project);
  });

  it("imports nothing but viem, zod and its own files", async () => {
    const dist = path.join(project, "node_modules/@compute-credits/client/dist");
    const files = (await readdir(dist, { recursive: true })).filter((name) =>
      /\.(js|d\.ts)$/.test(name),
    );
    const texts = await Promise.all(files.map((name) => readFile(path.join(dist, name), "utf8")));
    const imported = texts.flatMap((text) =>
      [...text.matchAll(/^(?:import|export)[^;]*? from "([^".][^"]*)"/gm)].map(([, name]) => name),
    );
    expect(imported).to.include.members(["viem", "zod"]);
    expect(imported.filter((name) => !/^(viem|zod)(\/|$)/.test(name ?? ""))).to.deep.equal([]);
  });
});
