import { expect } from "chai";
import { pino } from "pino";

import { hasWeights } from "../../examples/inference/installed.ts";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { startAuditedStack } from "../../scripts/demo/auditedStack.ts";
import { playStory } from "../../scripts/demo/story.ts";
import type { LocalStack } from "../../scripts/local/localStack.ts";
import { newAuditorDatabase, newLedgerDatabase } from "../fixtures/postgresServer.ts";

describe("the demo's story", () => {
  let stack: LocalStack;
  /** by epoch: whether the auditor could reproduce it */
  const audited = new Map<bigint, boolean>();

  before(async () => {
    stack = await startAuditedStack(
      pino({ level: "silent" }),
      ({ cut, findings }) => audited.set(cut.message.epoch, findings.length === 0),
      {
        databaseUrls: {
          ledger: await newLedgerDatabase(),
          auditors: [await newAuditorDatabase()],
        },
      },
    );
  });
  after(() => stack.stop());

  it("ends with every credit spent or refunded, and every token accounted for", async () => {
    const lines: string[] = [];
    const end = await playStory(stack, (line) => lines.push(line));

    expect(end.purchasedMicros).to.equal(parseCredits("1000"));
    expect(end.spentMicros > 0n).to.equal(true);
    expect(end.spentMicros + end.refundedMicros).to.equal(end.purchasedMicros);
    // Each event rounds its fee of 2 % down, by under a micro-credit.
    const fee = end.spentMicros - end.earnedMicros;
    expect(fee <= end.spentMicros / 50n).to.equal(true);
    expect(fee > end.spentMicros / 50n - end.charges).to.equal(true);
    // The vault keeps the fee: a dollar's smallest unit is 100 micro-credits, and payouts round
    // down.
    expect(end.vaultTokens >= fee / 100n).to.equal(true);
    expect(end.vaultTokens <= fee / 100n + 3n).to.equal(true);
    expect(lines.filter((line) => /^\d+\. /.test(line))).to.have.length(10);
    // With the weights of examples/inference, if they are installed.
    expect(lines.some((line) => line.includes("is nearest to"))).to.equal(hasWeights());
    expect(lines.some((line) => line.includes("credit_ended"))).to.equal(true);
    expect(audited.size).to.be.greaterThan(1);
    expect([...audited.values()]).to.not.include(false);
  });
});
