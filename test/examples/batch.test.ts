import { expect } from "chai";

import { bar } from "../../examples/batch/bar.ts";
import { firstHoldMicros } from "../../examples/batch/play.ts";
import { startProgram } from "../../scripts/local/program.ts";
import { type MeteredStack, startMeteredStack } from "../fixtures/meteredStack.ts";

describe("npm run example:batch", () => {
  let stack: MeteredStack;

  before(async () => {
    stack = await startMeteredStack("PGlite");
  });
  after(() => stack.stop());

  async function example(...args: string[]): Promise<{ code: unknown; said: string }> {
    const where = ["--server", stack.server.url, "--rpc", stack.rpcUrl];
    const program = startProgram("examples/batch/start.ts", {}, [...where, ...args]);
    return { code: await program.ended, said: program.said() };
  }

  it("does all parts of a job that its budget covers, and charges what they used", async () => {
    const { code, said } = await example("--parts", "8");
    expect(code, said).to.equal(0);
    expect(said).to.include(`${bar({ done: 8, of: 8 })}\n`);
    expect(said).to.include("all parts are done");
    const [, ms = ""] = /(\d+) cpu\.milliseconds/.exec(said) ?? [];
    // 1,389 micro-credits for a second of CPU, and 139 for a GiB-second: each capture rounds up.
    expect(chargedIn(said)).to.be.within(Number(ms) * 1.389, Number(ms) * 1.389 + 5_000);
  });

  it("ends a job before its budget, and charges no more", async () => {
    const budget = await firstHoldMicros(stack.server.url);
    const { code, said } = await example(
      "--parts",
      "100000",
      "--budget",
      `${Number(budget) / 1e6}`,
    );
    expect(code, said).to.equal(0);
    expect(said).to.match(/ended after \d+ of 100000 parts: credit_ended/);
    expect(chargedIn(said)).to.be.within(1, Number(budget));
  });

  it("starts nothing that the budget does not cover, and says what is wrong with it", async () => {
    const unpaid = await example("--budget", "0.001");
    expect(unpaid.code).to.equal(1);
    expect(unpaid.said).to.include("The budget is too small: The allowance's limit is reached.");
    for (const [args, text] of [
      [["--budget", "much"], '--budget is "much": an amount of credits'],
      [["--budget", "0"], "--budget is 0: the job costs something."],
      [["--parts", "0"], "--parts is a whole number from 1 to 100000"],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- three
      const wrong = await example(...args);
      expect(wrong.code, text).to.equal(1);
      expect(wrong.said).to.include(text);
    }
  });
});

/** Micro-credits in a line such as `charged 0.0026 credits`. */
function chargedIn(said: string): number {
  return Math.round(Number(/charged ([\d.]+) credits/.exec(said)?.[1]) * 1e6);
}

describe("a progress bar", () => {
  it("is full at the end only", () => {
    expect(bar({ done: 0, of: 4 })).to.equal(`[${"░".repeat(30)}] 0/4`);
    expect(bar({ done: 39, of: 40 })).to.equal(`[${"█".repeat(29)}░] 39/40`);
    expect(bar({ done: 4, of: 4 })).to.equal(`[${"█".repeat(30)}] 4/4`);
    expect(bar({ done: 0, of: 0 })).to.equal(`[${"░".repeat(30)}] 0/0`);
  });
});
