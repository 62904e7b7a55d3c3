import { expect } from "chai";
import { pino } from "pino";
import { zeroHash } from "viem";

import { WorkerHealth } from "@compute-credits/platform/process/health";
import { reconcileWorker } from "../../../../server/workers/chain/reconcileWorker.ts";
import { NOTHING, emptyReport } from "../../../fixtures/emptyReport.ts";

const DEPLOYMENT_BLOCK = 900n;

/** A ledger that has read up to a block and knows of purchases, and a chain with its own. */
function newRig() {
  const health = new WorkerHealth();
  const rig = {
    time: 0,
    block: 1_000n,
    purchased: 10n,
    supply: 10n,
    isDown: false,
    comparisons: 0,
    alarms: () => health.list().map(({ name, error, warning }) => ({ name, error, warning })),
  };
  const worker = reconcileWorker({
    chainStore: {
      cursor: () => Promise.resolve({ number: rig.block, hash: zeroHash, time: new Date() }),
    },
    reports: {
      report: () => Promise.resolve({ ...emptyReport(rig.block), purchased: rig.purchased }),
      checkpointTotals: () => Promise.resolve(null),
    },
    vault: {
      totalsAt: () => {
        rig.comparisons++;
        return rig.isDown
          ? Promise.reject(new Error("no such block"))
          : Promise.resolve({
              totalSupply: rig.supply,
              settled: NOTHING,
              feesTaken: 0n,
              finalCheckpoint: { epoch: 0n, ...NOTHING },
              tokenBalance: 0n,
            });
      },
      tokenUnit: () => Promise.resolve(1n),
      deferredChange: () => Promise.resolve(0n),
    },
    payouts: { read: () => Promise.resolve(null) },
    blocksPerRequest: 2_000n,
    creditMicrosPerToken: 1n,
    deploymentBlock: DEPLOYMENT_BLOCK,
    health,
    log: pino({ level: "silent" }),
    now: () => rig.time,
  });
  return {
    ...worker,
    rig,
    /** Lets time pass in the worker's pauses, and runs it after each. */
    pass: async (ms: number): Promise<void> => {
      for (const end = rig.time + ms; rig.time < end;) {
        rig.time += worker.pauseMs;
        // oxlint-disable-next-line no-await-in-loop -- a worker runs one step at a time
        await worker.step();
      }
    },
  };
}

describe("reconcileWorker", () => {
  it("raises an alarm within a minute if the chain has more, and says from where to read it again", async () => {
    const { rig, pass } = newRig();
    await pass(60_000);
    expect(rig.alarms()).to.deep.equal([]);
    [rig.block, rig.supply] = [1_200n, 17n];
    await pass(60_000);
    expect(rig.alarms()).to.deep.equal([
      {
        name: "reconciliation",
        error: null,
        warning:
          "the ledger and the chain differ: purchased is 10 here and 17 there (micro-credits). Read " +
          "the chain again: npm run reindex -- --from 1001 (docs/chain-repair.md)",
      },
    ]);
    rig.purchased = 17n;
    await pass(60_000);
    expect(rig.alarms()).to.deep.equal([]);
  });

  it("names the deployment's block if it never saw both agree", async () => {
    const { rig, pass } = newRig();
    rig.supply = 17n;
    await pass(5_000);
    expect(rig.alarms()[0]?.warning).to.include("--from 900 ");
  });

  it("says nothing of an endpoint that is down for a while, and warns after ten minutes", async () => {
    const { rig, pass } = newRig();
    await pass(5_000);
    rig.isDown = true;
    await pass(590_000);
    expect(rig.alarms()).to.deep.equal([]);
    await pass(60_000);
    expect(rig.alarms()[0]?.warning).to.include("could not be compared").and.include("RPC_URL");
    rig.isDown = false;
    await pass(60_000);
    expect(rig.alarms()).to.deep.equal([]);
  });

  it("compares nothing before the contract was deployed", async () => {
    const { rig, pass } = newRig();
    rig.block = DEPLOYMENT_BLOCK - 1n;
    await pass(60_000);
    expect(rig.comparisons).to.equal(0);
    rig.block = DEPLOYMENT_BLOCK;
    await pass(5_000);
    expect(rig.comparisons).to.equal(1);
  });

  it("compares at most every 15 seconds", async () => {
    const { rig, pass } = newRig();
    await pass(300_000);
    expect(rig.comparisons).to.be.within(15, 20);
  });
});
