import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createClock, later } from "../../../meter/clock.ts";
import { readWatched, writeWatched } from "../../../meter/watchdog/deadline.ts";
import { type Started, prepareWorkload } from "../../../meter/workload/start.ts";
import { createWorkload } from "../../../meter/workload/workload.ts";
import { startProgram } from "../../../scripts/local/program.ts";

describe("the watchdog", () => {
  const folders: string[] = [];
  const started: Started[] = [];

  after(async () => {
    await Promise.all(started.map(({ record }) => createWorkload(record).kill()));
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
  });

  /** A lease's folder whose hold wants the workload to end so many seconds from now. */
  async function watched(seconds: number) {
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-watchdog-"));
    const workload = await prepareWorkload({
      command: ["sleep", "600"],
      env: { PATH: process.env["PATH"] },
      name: "none",
      limits: { memoryBytes: null },
      user: null,
      stdio: "ignore",
      own: {},
    });
    folders.push(folder);
    started.push(workload);
    workload.go();
    const { clock, ns } = later(createClock()(), seconds);
    const { record } = workload;
    const deadline = { clock, endsAtNs: ns, graceSeconds: 5, workload: record, dockerSocket: "" };
    await writeWatched(folder, deadline);
    return { folder, workload, deadline };
  }

  it("ends what no agent has taken up by then, and leaves what has longer", async () => {
    const [due, later_] = [await watched(-1), await watched(600)];
    const watchdog = startProgram("meter/watchdog/main.ts", {}, [due.folder, later_.folder]);
    expect(await due.workload.ended).to.equal("SIGTERM");
    expect(await createWorkload(later_.workload.record).isRunning()).to.equal(true);
    await watchdog.end("SIGTERM");
    expect(await readWatched(later_.folder)).to.deep.equal(later_.deadline);
  });

  it("ends itself once nothing is left to watch", async () => {
    const { folder, workload } = await watched(-1);
    const watchdog = startProgram("meter/watchdog/main.ts", {}, [folder]);
    expect(await watchdog.ended).to.equal(0);
    expect(await workload.ended).to.equal("SIGTERM");
    expect(await readWatched(folder)).to.equal(null);
  });

  it("ends what ran when the machine's clock was another", async () => {
    const { folder, workload, deadline } = await watched(600);
    await writeWatched(folder, { ...deadline, clock: "an earlier start" });
    expect(await startProgram("meter/watchdog/main.ts", {}, [folder]).ended).to.equal(0);
    expect(await workload.ended).to.equal("SIGTERM");
  });
});
