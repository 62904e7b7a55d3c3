import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { cgroupCpu, cgroupMemory } from "../../../meter/sources/cgroup.ts";
import { procCpu, procMemory } from "../../../meter/sources/proc.ts";
import { endWorkload } from "../../../meter/workload/end.ts";
import { type GroupFolders, ownGroups, removeGroups } from "../../../meter/workload/groups.ts";
import { createTree, isRunning, readProcess } from "../../../meter/workload/processes.ts";
import { type Started, prepareWorkload } from "../../../meter/workload/start.ts";
import { createWorkload } from "../../../meter/workload/workload.ts";
import { eventually } from "../../../scripts/local/eventually.ts";

const MIB = 1_048_576;

/** Burns 0.2 s of a CPU in itself and in a child, keeps 64 MiB, and then says so in a file. */
const BURNER = `
  const { execFileSync } = require("node:child_process");
  const { writeFileSync } = require("node:fs");
  const burn =
    "const used = () => process.cpuUsage().user + process.cpuUsage().system;" +
    "const end = used() + 2e5; while (used() < end) for (let i = 0; i < 1e6; i++);";
  const kept = Buffer.alloc(64 * ${MIB}, 1);
  execFileSync(process.execPath, ["-e", burn]);
  new Function("process", burn)(process);
  writeFileSync(process.argv[1], String(kept.length));
  setInterval(() => undefined, 1_000);
`;

/** Starts a child that would outlive it, and ignores SIGTERM. */
const STUBBORN = `
  trap '' TERM
  (trap '' TERM; exec sleep 600) &
  echo $! > "$0"
  wait
`;

const written = (file: string) => eventually(file, () => readFile(file, "utf8").catch(() => null));

/** Waits a tenth of what it is asked to. */
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 10));

const places: readonly { name: string; own: GroupFolders }[] = [
  { name: "in control groups of its own", own: ownGroups() },
  { name: "without a control group", own: {} },
];

for (const { name, own } of places) {
  describe(`a workload ${name}`, () => {
    let folder: string;
    const started: Started[] = [];
    let neighbour: ChildProcess;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), "compute-credits-workload-"));
      neighbour = spawn("sleep", ["600"]);
      await once(neighbour, "spawn");
    });
    after(async () => {
      for (const { record } of started) {
        // oxlint-disable-next-line no-await-in-loop -- few
        await createWorkload(record).kill();
        removeGroups(record.groups);
      }
      neighbour.kill("SIGKILL");
      await rm(folder, { recursive: true });
    });

    async function prepare(command: readonly string[]): Promise<Started> {
      const one = await prepareWorkload({
        command,
        env: { PATH: process.env["PATH"] },
        name: `compute-credits-test-${crypto.randomUUID()}`,
        limits: { memoryBytes: null },
        user: null,
        stdio: "ignore",
        own,
      });
      started.push(one);
      return one;
    }

    it("does not begin before it is told to, and never if the agent goes", async () => {
      const file = join(folder, "begun");
      const one = await prepare(["touch", file]);
      await one.cancel();
      expect(await one.ended).to.equal(125);
      expect(await readFile(file, "utf8").catch(() => null)).to.equal(null);
    });

    it("is measured as the kernel counts it", async () => {
      const file = join(folder, "burned");
      const one = await prepare([process.execPath, "-e", BURNER, file]);
      const { root, groups } = one.record;
      if (root === null) throw new Error("no process");
      const tree = createTree([root]);
      const cpu = cgroupCpu(groups) ?? procCpu(tree);
      const memory = cgroupMemory(groups) ?? procMemory(tree);
      const first = await cpu.read();
      one.go();
      await written(file);
      const [last, kept] = [await cpu.read(), await memory.read()];
      const ms = Number(((last?.value ?? 0n) - (first?.value ?? 0n)) / 1_000_000n);
      // Both burned 200 ms of their own; Node.js itself takes some more.
      expect(ms).to.be.within(400, 3_000);
      expect(Number(kept?.value)).to.be.within(64 * MIB, 400 * MIB);
      // The kernel's other account of the same processes, in ticks of 10 ms.
      const ticks = readProcess(root.pid)?.cpuTicks ?? 0n;
      expect(Math.abs(ms - Number(ticks) * 10)).to.be.below(60);
      await createWorkload(one.record).kill();
    });

    it("is killed with all that it started, and no one else is", async () => {
      const file = join(folder, "stubborn");
      const one = await prepare(["/bin/sh", "-c", STUBBORN, file]);
      one.go();
      const pid = Number(await written(file));
      const child = await eventually("the child", () => Promise.resolve(readProcess(pid)));
      const workload = createWorkload(one.record);
      expect(await workload.isRunning()).to.equal(true);
      expect(await endWorkload(workload, { graceMs: 300, wait })).to.equal(true);
      expect(await workload.isRunning()).to.equal(false);
      expect(isRunning(child)).to.equal(false);
      expect(neighbour.exitCode ?? neighbour.signalCode).to.equal(null);
    });

    it("that ends when it is asked is not killed", async () => {
      const one = await prepare(["sleep", "600"]);
      one.go();
      const workload = createWorkload(one.record);
      const { pid = 0 } = one.record.root ?? {};
      await eventually("sleep", async () =>
        (await readFile(`/proc/${pid}/comm`, "utf8")).startsWith("sleep"),
      );
      expect(await endWorkload(workload, { graceMs: 60_000, wait })).to.equal(false);
      expect(await one.ended).to.equal("SIGTERM");
    });

    it("is not taken for a later process with its id", () => {
      const { pid = 0 } = neighbour;
      expect(isRunning({ pid, startTicks: "1" })).to.equal(false);
    });
  });
}
