import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect } from "chai";

import { newApiKey } from "../../client/apiKey.ts";
import { meteringServer } from "../../client/meteringServer.ts";
import { parseCredits } from "../../protocol/amounts.ts";
import { apiKeySpender } from "../../protocol/spender.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";

const run = promisify(execFile);

/** What a script printed, and how it ended. */
async function script(name: string, line: string) {
  return await run(process.execPath, [
    `scripts/${name}.ts`,
    ...line.split(" ").filter((word) => word !== ""),
  ]).then(
    ({ stdout }) => ({ code: 0, text: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      text: error.stdout + error.stderr,
    }),
  );
}

describe("verify and rebuild, against a chain and a server", () => {
  const { alice, provider } = wallets;
  let stack: MeteredStack;
  let epoch: bigint;

  before(async () => {
    stack = await startMeteredStack("PGlite");
    await stack.buyAndWait(alice, parseCredits("100"));
    const apiKey = newApiKey();
    const spender = apiKeySpender(apiKey);
    const ceiling = parseCredits("100");
    const key = await stack.registerProvider(provider);
    const metering = meteringServer(stack.server.url, { key });
    await metering.addAllowance(
      await stack.sign(alice, { spender, limitMicros: ceiling, accountCapMicros: ceiling }),
    );
    await metering.claimAccess(apiKey);
    await stack.request("/v1/usage", { key, body: [cloudEvent(spender, { quantity: 100 })] });
    epoch = await eventually("a final checkpoint", async () => {
      const newest = await stack.context.checkpoints.latest();
      if (newest?.status === "pending") await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      return newest?.status === "final" ? newest.message.epoch : null;
    });
  });
  after(() => stack.stop());

  it("finds that an honest server's account holds", async () => {
    const { rpcUrl, contract, server } = stack;
    const { code, text } = await script(
      "verify",
      `--account ${addressOf(alice)} --contract ${contract} --rpc ${rpcUrl} --server ${server.url} --ceiling 100`,
    );
    expect(text).to.include("are those that were signed").and.not.include("✘");
    expect(code).to.equal(0);
  });

  it("finds that a ceiling was passed", async () => {
    const { rpcUrl, contract, server } = stack;
    const { code, text } = await script(
      "verify",
      `--account ${addressOf(alice)} --contract ${contract} --rpc ${rpcUrl} --server ${server.url} --ceiling 0.000001`,
    );
    expect(text).to.include("✘").and.include("challengeRow");
    expect(code).to.equal(1);
  });

  it("rebuilds the root and the data hash that are on chain", async () => {
    const { rpcUrl, contract, server } = stack;
    const { code, text } = await script(
      "rebuild",
      `--server ${server.url} --epoch ${epoch} --rpc ${rpcUrl} --contract ${contract}`,
    );
    expect(text).to.include(`all of it is the final checkpoint's on chain, of epoch ${epoch}`);
    expect(code).to.equal(0);
  });

  for (const [name, options] of [
    ["verify", ""],
    ["verify", "--account 0x12"],
    ["rebuild", ""],
    ["rebuild", "--server http://127.0.0.1:1 --epoch 0"],
  ] as const) {
    it(`says how it is used: ${name} ${options}`, async () => {
      const { code, text } = await script(name, options);
      expect(code).to.equal(1);
      expect(text).to.include(`npm run ${name} -- --`);
    });
  }
});
