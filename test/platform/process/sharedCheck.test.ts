import { setImmediate as turn } from "node:timers/promises";

import { expect } from "chai";

import { sharedCheck } from "@compute-credits/platform/process/sharedCheck";

/** A check whose runs end when the test ends them, and a clock that the test moves. */
function stepped(timeoutMs: number) {
  const runs: PromiseWithResolvers<string | null>[] = [];
  let time = 0;
  const check = sharedCheck(
    () => {
      const run = Promise.withResolvers<string | null>();
      runs.push(run);
      return run.promise;
    },
    { maxAgeMs: 1_000, timeoutMs, now: () => time },
  );
  return { runs, check, pass: (ms: number) => (time += ms) };
}

describe("sharedCheck", () => {
  it("runs once for all who ask within a second", async () => {
    const { runs, check, pass } = stepped(60_000);
    const asked = Array.from({ length: 1_600 }, check);
    runs[0]?.resolve("is full");
    expect(new Set(await Promise.all(asked))).to.deep.equal(new Set(["is full"]));
    pass(1_000);
    expect(await check()).to.equal("is full");
    expect(runs).to.have.length(1);
  });

  it("runs again once the answer is more than a second old", async () => {
    const { runs, check, pass } = stepped(60_000);
    const first = check();
    runs[0]?.resolve("is full");
    await first;
    pass(1_001);
    const second = check();
    runs[1]?.resolve(null);
    expect(await second).to.equal(null);
  });

  it("answers for a run that hangs, and starts no other beside it", async () => {
    const { runs, check, pass } = stepped(5);
    expect(await check()).to.equal("does not answer within 0.005 s");
    pass(10_000);
    expect(await check()).to.equal("does not answer within 0.005 s");
    expect(runs).to.have.length(1);

    runs[0]?.resolve(null);
    await turn();
    expect(await check()).to.equal(null);
  });

  it("takes a run that fails for no answer", async () => {
    const { runs, check } = stepped(60_000);
    const asked = check();
    runs[0]?.reject(new Error("Connection terminated"));
    expect(await asked).to.equal("does not answer");
  });
});
