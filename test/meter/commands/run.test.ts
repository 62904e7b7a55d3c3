import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createApiKey, createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { expect } from "chai";

import { readMeterOptions } from "../../../meter/commands/options.ts";
import { attachCommand, runCommand } from "../../../meter/commands/run.ts";
import { createWorkload } from "../../../meter/workload/workload.ts";
import { eventually } from "../../../scripts/local/eventually.ts";
import { startProgram } from "../../../scripts/local/program.ts";
import { createMemoryLedger } from "../../fixtures/memoryLedger.ts";
import { attachToProcess } from "../../../meter/workload/attach.ts";

/** Burns 300 ms of a CPU, and writes down the kernel's account of it and its environment. */
const BURNER = `
  const used = () => process.cpuUsage().user + process.cpuUsage().system;
  while (used() < 3e5) for (let i = 0; i < 1e6; i++);
  const { writeFileSync } = require("node:fs");
  process.on("exit", () => writeFileSync(process.argv[1], JSON.stringify({ used: used(), env: process.env })));
  process.exitCode = 3;
`;

const TIMING = ["--interval", "1", "--grace", "2", "--margin", "1"];

/** An agent's surroundings, and what the test sees of them. */
function context() {
  const books = createMemoryLedger();
  const said: string[] = [];
  const stopping = new AbortController();
  const deps = {
    ledger: books.ledger,
    stopping: stopping.signal,
    say: (line: string) => said.push(line),
  };
  return { books, said, stopping, deps };
}

describe("npm run meter", () => {
  let folder: string;
  let keys: string[];
  const providerKey = createProviderKey();
  const apiKey = createApiKey();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-run-"));
    await writeFile(join(folder, "provider.key"), `${providerKey}\n`);
    await writeFile(join(folder, "payer.key"), `${apiKey}\n`);
    keys = [
      ["--key-file", join(folder, "provider.key")],
      ["--payer-key-file", join(folder, "payer.key")],
      ["--state", join(folder, "state")],
    ].flat();
  });
  after(() => rm(folder, { recursive: true }));

  function optionsOf(...args: readonly string[]) {
    const options = readMeterOptions([...keys, ...TIMING, ...args]);
    if (options === null) throw new Error("no options");
    return options;
  }

  it("charges what a command used, and exits as it did", async () => {
    const { books, deps } = context();
    const file = join(folder, "burned");
    process.env["COPY_OF_A_KEY"] = providerKey;
    const command = ["--", process.execPath, "-e", BURNER, file];
    const code = await runCommand(optionsOf("--cpu", "--memory", ...command), deps);
    delete process.env["COPY_OF_A_KEY"];
    expect(code).to.equal(3);
    const { used, env } = JSON.parse(await readFile(file, "utf8"));
    // The kernel counts the start and the end of the process, too, which it cannot see itself. What
    // a process sees of itself is estimated by ticks of 10 ms.
    expect(Number(books.charged("cpu"))).to.be.within(used / 1_000 - 10, used / 1_000 + 500);
    expect(JSON.stringify(env)).not.to.include(providerKey).and.not.to.include(apiKey);
    expect(env.PATH).to.equal(process.env["PATH"]);
    expect([...books.holds.values()].map(({ isOver }) => isOver)).to.deep.equal([true]);
  });

  it("starts nothing that is not paid for", async () => {
    const { books, said, deps } = context();
    books.faults.units = 10n;
    const file = join(folder, "unpaid");
    expect(await runCommand(optionsOf("--cpu", "--", "touch", file), deps)).to.equal(69);
    expect(await readFile(file, "utf8").catch(() => null)).to.equal(null);
    expect(said.join()).to.include("nothing was started: too few credits");
  });

  it("ends a command before its credits do, within the grace", async () => {
    const { books, said, deps } = context();
    const options = optionsOf("--cpus", "1", "--reach", "8", "--", "sleep", "600");
    // One reach of a CPU, and nothing for an extension.
    books.faults.units = BigInt(options.timing.reachSeconds) * 1_000n + 1n;
    expect(await runCommand(options, deps)).to.equal(75);
    expect(said.join("\n")).to.match(/ending the workload \(credit_ended\): SIGTERM now/);
    const charged = Number(books.charged("cpu"));
    const most = (options.timing.reachSeconds - 3) * 1_000;
    expect(charged).to.be.within(most - 3_000, most + 500);
  });

  it("meters a process that runs already, and ends it when it is told to stop", async () => {
    const { books, stopping, deps } = context();
    const burner = startProgram("-e", {}, ["for (;;) for (let i = 0; i < 1e6; i++);"]);
    const pid = burner.process.pid ?? 0;
    const record = attachToProcess(pid);
    const done = attachCommand(optionsOf("--cpu", "--pid", `${pid}`), deps);
    await eventually("a charge", () => Promise.resolve(books.charged("cpu") > 0n));
    stopping.abort();
    expect(await done).to.equal(75);
    expect(await createWorkload(record).isRunning()).to.equal(false);
    await burner.ended;
  });

  it("meters several processes together, until the last of them has ended", async () => {
    const { books, said, stopping, deps } = context();
    const burn = ["for (;;) for (let i = 0; i < 1e6; i++);"];
    const programs = [startProgram("-e", {}, burn), startProgram("-e", {}, burn)];
    const [first, second] = programs;
    const named = programs.flatMap(({ process: { pid } }) => ["--pid", `${pid}`]);
    const done = attachCommand(optionsOf("--cpu", ...named), deps);
    const charged = () => Number(books.charged("cpu"));
    await eventually("a charge", () => Promise.resolve(charged() > 0));
    await first?.end("SIGKILL");
    const before = charged();
    await eventually("a charge for the other", () => Promise.resolve(charged() > before));
    stopping.abort();
    expect(await done, said.join("\n")).to.equal(75);
    expect(await second?.ended).not.to.equal(null);
    for (const twoKinds of [["--pid", "1", "--cgroup", "/sys/fs/cgroup"], []]) {
      // oxlint-disable-next-line no-await-in-loop -- two
      const failed = await attachCommand(optionsOf("--cpu", ...twoKinds), deps).catch(String);
      expect(failed).to.include("Several of one of these are charged together");
    }
  });

  it("holds no more than a program is said to use, and charges what it used", async () => {
    const { books, deps } = context();
    const options = optionsOf(
      ..."--cpu --cpus 1 --memory --memory-limit 1GiB --reach 8 --".split(" "),
      process.execPath,
      "-e",
      "setTimeout(() => 0, 1_500)",
    );
    // A second of one CPU for eight, and eight GiB-seconds: all of a larger machine would be refused.
    books.faults.units = 8_001n + 9n;
    expect(await runCommand(options, deps)).to.equal(0);
    expect(Number(books.charged("cpu"))).to.be.within(1, 1_500);
    expect(Number(books.charged("memory"))).to.be.at.most(1);
  });

  it("says what is wrong with its options", () => {
    const wrong: readonly (readonly [readonly string[], string])[] = [
      [["--memory-limit", "4GB"], "512MiB or 4GiB"],
      [["--interval", "0"], "--interval is a whole number from 1 to 600"],
      [["--reach", "3"], "--reach is a whole number from 8"],
      [["--meters", "cpu.hours"], "cpu.milliseconds"],
      [["--dimension", "gpu"], "NAME=VALUE"],
      [["--name", "../x"], "--name"],
      [["--user", "no-such-user"], "no such user"],
      [["--spender", "0x1"], "Say who pays"],
    ];
    for (const [args, text] of wrong) {
      expect(() => optionsOf(...args), args.join(" ")).to.throw(UsageError, text);
    }
    expect(() => readMeterOptions(["--cpu"])).to.throw(UsageError, "--key-file is missing");
  });
});
