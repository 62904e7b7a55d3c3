import { expect } from "chai";
import { pino } from "pino";

import { WorkerHealth } from "@compute-credits/platform/process/health";
import type { CheckPlace, RollUpMismatch } from "../../../../server/stores/rollups/rollUpStore.ts";
import { rollUpWorker } from "../../../../server/workers/rollups/rollUpWorker.ts";
import { party } from "../../../fixtures/ledger.ts";

const [first, second] = [1, 2].map((n) => ({ address: party(n), day: "2026-01-01" }));

/** A store with two days, of which the second differs from the log if `isWrong`. */
function storeWith({ left, isWrong }: { left: number; isWrong: boolean }) {
  const calls: string[] = [];
  let steps = left;
  return {
    calls,
    store: {
      addNext() {
        calls.push("add");
        return Promise.resolve(steps-- > 0 ? ("more" as const) : ("done" as const));
      },
      checkNext(after: CheckPlace | null) {
        calls.push(`check after ${after?.address ?? "nothing"}`);
        const place = after === null ? first : after.address === first?.address ? second : null;
        const mismatch: RollUpMismatch | null =
          isWrong && place !== null && place === second && place !== undefined
            ? { role: "account", ...place }
            : null;
        return Promise.resolve({ place: place ?? null, mismatch });
      },
      restart() {
        calls.push("restart");
        return Promise.resolve();
      },
    },
  };
}

describe("rollUpWorker", () => {
  const log = pino({ level: "silent" });

  it("adds what is there, then compares one day after the other, and begins again", async () => {
    const { store, calls } = storeWith({ left: 1, isWrong: false });
    const health = new WorkerHealth();
    health.add("daily sums");
    const { step } = rollUpWorker({ rollUps: store, health, log });
    expect([await step(), await step(), await step(), await step(), await step()]).to.deep.equal([
      "more",
      "done",
      "done",
      "done",
      "done",
    ]);
    expect(calls.filter((call) => call !== "add")).to.deep.equal([
      "check after nothing",
      `check after ${party(1)}`,
      `check after ${party(2)}`,
      "check after nothing",
    ]);
    health.succeeded("daily sums");
    expect(health.list()).to.deep.equal([{ name: "daily sums", error: null }]);
  });

  it("warns of sums that differ from the log, stays ready, and makes them anew", async () => {
    const { store, calls } = storeWith({ left: 0, isWrong: true });
    const health = new WorkerHealth();
    health.add("daily sums");
    const { step } = rollUpWorker({ rollUps: store, health, log });
    await step();
    expect(calls).to.not.include("restart");
    await step();
    expect(calls.at(-1)).to.equal("restart");
    health.succeeded("daily sums");
    const [check] = health.list();
    expect(check?.error).to.equal(null);
    expect(check?.warning).to.include(party(2)).and.to.include("2026-01-01");
  });
});
