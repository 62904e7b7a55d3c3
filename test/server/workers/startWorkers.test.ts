import { expect } from "chai";
import { pino } from "pino";

import { WorkerHealth } from "@compute-credits/platform/process/health";
import { eventually } from "../../../scripts/local/eventually.ts";
import { startWorkers } from "../../../server/workers/startWorkers.ts";
import type { Worker } from "../../../server/workers/worker.ts";

describe("startWorkers", () => {
  const log = pino({ level: "silent" });

  it("reports each worker's last run, without the lines that may hold secrets", async () => {
    const health = new WorkerHealth();
    for (const name of ["good", "bad", "late"]) health.add(name);
    const steps = { bad: 0 };
    const errors: unknown[] = [];
    const late = Promise.withResolvers<"done">();
    const running = startWorkers(
      [
        worker("good"),
        worker("bad", {
          step() {
            steps.bad += 1;
            return Promise.reject(new Error("no answer\nURL: https://rpc.example/secret"));
          },
          onError: (error) => errors.push(error),
        }),
        worker("late", { step: () => late.promise }),
      ],
      { health, log },
    );
    // The worker goes on after an error.
    await eventually("three steps that fail", () => Promise.resolve(steps.bad >= 3));
    expect(health.list()).to.deep.equal([
      { name: "good", error: null },
      { name: "bad", error: "no answer" },
      { name: "late", error: "has not run yet" },
    ]);
    expect(errors).to.have.length.at.least(2);
    late.resolve("done");
    await running.stop();
    expect(health.list().at(-1)).to.deep.equal({ name: "late", error: null });
  });

  it("reports a step that runs for longer than its bound, while it runs", async () => {
    let time = 0;
    const health = new WorkerHealth(() => time);
    const step = Promise.withResolvers<"done">();
    const hung = worker("hung", { step: () => step.promise });
    health.add(hung.name, { stepBoundMs: 1_000 });
    const running = startWorkers([hung], { health, log });
    time += 2_000;
    expect(health.list()[0]?.error).to.match(/^its step has run for 2 s/);
    step.resolve("done");
    await running.stop();
    expect(health.list()).to.deep.equal([{ name: "hung", error: null }]);
  });

  it("stops every worker after its step, even if one cannot clean up", async () => {
    const health = new WorkerHealth();
    const finished: string[] = [];
    const step = Promise.withResolvers<void>();
    const slow = worker("slow", {
      async step() {
        await step.promise;
        finished.push("slow step");
        return "done";
      },
      onStop() {
        finished.push("slow stop");
        return Promise.resolve();
      },
    });
    const broken = worker("broken", { onStop: () => Promise.reject(new Error("no answer")) });
    const running = startWorkers([slow, broken], { health, log });

    const stopped = running.stop().then(
      () => "stopped",
      (error: unknown) => String(error),
    );
    step.resolve();
    expect(await stopped).to.equal("Error: no answer");
    expect(finished).to.deep.equal(["slow step", "slow stop"]);
  });
});

function worker(name: string, more: Partial<Worker> = {}): Worker {
  return {
    name,
    pauseMs: 1,
    step: () => Promise.resolve("done" as const),
    failure: `${name} failed`,
    ...more,
  };
}
