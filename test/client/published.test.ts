import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import { type MeteredStack, startMeteredStack } from "../fixtures/meteredStack.ts";
import { type PublishedClient, installPublished, versionOf } from "../fixtures/publishedClient.ts";

/** A program that uses one export of the SDK. */
function importing(name: string): string {
  return `import { ${name} } from "@compute-credits/client";\nconsole.log(${name});\n`;
}

describe("the published SDK", () => {
  let project: PublishedClient;
  let stack: MeteredStack;
  before(async () => {
    const [typescript, esbuild] = await Promise.all(["typescript", "esbuild"].map(versionOf));
    project = await installPublished(`typescript@${typescript}`, `esbuild@${esbuild}`);
    stack = await startMeteredStack("PGlite");
  });
  after(async () => {
    await stack.stop();
    await project.remove();
  });

  it("runs the quick start of its README in an empty project", async () => {
    const { example, printed } = await project.quickStart({
      server: stack.server.url,
      rpc: stack.rpcUrl,
    });
    const script = ["--input-type=module-typescript", "-"];
    expect(await project.run(process.execPath, script, example)).to.equal(printed);
  });

  it("keeps copies in the folder of its README's store", async () => {
    await writeFile(path.join(project.folder, "fileCopies.ts"), await project.fileStore());
    const program = `
import { createWalletClient, http } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { copyText, signAllowance, signRevocation } from "@compute-credits/client";
import { openFileCopies } from "./fileCopies.ts";

const account = privateKeyToAccount(generatePrivateKey());
const wallet = createWalletClient({ account, transport: http("http://127.0.0.1:1") });
const deployment = { chainId: 1, contract: account.address };
const id = "0x" + "ab".repeat(32);
const copies = await openFileCopies("copies");
await signAllowance(wallet, deployment, { spender: id, limitMicros: 1n, counter: 0n }, copies);
await signRevocation(wallet, deployment, id, copies);
const again = await (await openFileCopies("copies")).list(account.address);
const [first] = again;
console.log(again.length, copyText(await copies.get(first.id)) === copyText(first));
console.log(await copies.get(id));
`;
    const script = ["--input-type=module-typescript", "-"];
    expect(await project.run(process.execPath, script, program)).to.equal("2 true\nnull\n");
  });

  it("has types that a strict program compiles with, routes of the API included", async () => {
    await writeFile(
      path.join(project.folder, "program.ts"),
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
    const compiler = path.join(project.folder, "node_modules/typescript/bin/tsc");
    const args = [compiler, ...options.split(" "), "--types", "", "--skipLibCheck", "program.ts"];
    await project.run(process.execPath, args);
  });

  it("imports nothing but viem, zod and its own files", async () => {
    const dist = path.join(project.folder, "node_modules/@compute-credits/client/dist");
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

  it("lets a bundler for browsers drop what a program does not import", async () => {
    const one = await project.bundle(importing("readBalance"));
    expect(one.modules.some((name) => name.endsWith("/client/accounts/readBalance.js"))).to.equal(
      true,
    );
    const others = /client\/dist\/client\/(verify|disputes|chain|holds|insight)\//;
    expect(one.modules.filter((name) => others.test(name))).to.deep.equal([]);
    const verify = await project.bundle(importing("verifyAccount"));
    expect(verify.modules.some((name) => others.test(name))).to.equal(true);
  });

  it("has the middleware beside it, which needs no framework for a plain handler", async () => {
    const program = `
import { createCredits } from "@compute-credits/express";
import { createWebCredits } from "@compute-credits/express/fetch";

const options = { server: "${stack.server.url}", key: "ccpk_unknown-to-the-server", onError() {} };
const lines = { work: { meter: "requests", quantity: 1n } };
const headers = { authorization: "Bearer cck_${"0".repeat(64)}" };
const request = new Request("http://service.example/", { method: "POST", headers });
const answer = await createWebCredits(options).serve(request, { lines }, () => new Response("free"));
console.log(typeof createCredits(options).charge({ lines }), (await answer.json()).reason);
`;
    const script = ["--input-type=module", "-"];
    const printed = await project.run(process.execPath, script, program);
    expect(printed).to.equal("function metering_misconfigured\n");
  });
});
