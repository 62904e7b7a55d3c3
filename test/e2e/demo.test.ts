import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { pino } from "pino";

import { parseCredits } from "../../protocol/amounts.ts";
import { playStory } from "../../scripts/demo/story.ts";
import { type LocalStack, startLocalStack } from "../../scripts/local/localStack.ts";

describe("the demo's story", () => {
  let dataFolder: string;
  let stack: LocalStack;

  before(async () => {
    dataFolder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    stack = await startLocalStack({
      chainPort: 0,
      port: 0,
      dataFolder,
      settleIntervalSeconds: 1,
      feeBps: 200,
      log: pino({ level: "silent" }),
    });
  });
  after(async () => {
    await stack.stop();
    await rm(dataFolder, { recursive: true, force: true });
  });

  it("ends with every credit spent or refunded, and every token accounted for", async () => {
    const lines: string[] = [];
    const end = await playStory(stack, (line) => lines.push(line));

    expect(end.purchasedMicros).to.equal(parseCredits("1000"));
    expect(end.spentMicros > 0n).to.equal(true);
    expect(end.spentMicros + end.refundedMicros).to.equal(end.purchasedMicros);
    // Each of 15 events rounds its fee of 2 % down, by under a micro-credit.
    const fee = end.spentMicros - end.earnedMicros;
    expect(fee <= end.spentMicros / 50n).to.equal(true);
    expect(fee > end.spentMicros / 50n - 15n).to.equal(true);
    // The vault keeps the fee: a dollar's smallest unit is 100 micro-credits, and payouts round down.
    expect(end.vaultTokens >= fee / 100n).to.equal(true);
    expect(end.vaultTokens <= fee / 100n + 3n).to.equal(true);
    expect(lines.filter((line) => /^\d\. /.test(line))).to.have.length(9);
  });
});
