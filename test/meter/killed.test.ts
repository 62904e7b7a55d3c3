import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { expect } from "chai";

import { readState } from "../../meter/journal/journal.ts";
import { ownGroups } from "../../meter/workload/groups.ts";
import { isRunning } from "../../meter/workload/processes.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { type Program, startProgram } from "../../scripts/local/program.ts";
import { type TcpProxy, startTcpProxy } from "../../scripts/local/tcpProxy.ts";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { IS_FULL } from "../fixtures/effort.ts";
import { openLedger, party } from "../fixtures/ledger.ts";
import { serveLedger } from "../fixtures/ledgerServer.ts";
import { newLedgerDatabase } from "../fixtures/postgresServer.ts";
import { fixedRate, insertCard } from "../fixtures/rates.ts";

/** In `npm test`, each of them once. */
const KILLS = IS_FULL ? 100 : 3;

const INTERVAL_MS = 1_000;

const [payer, provider] = [party(7_000), party(7_001)];

/** Burns about half of a CPU. */
const BURNER = `
  setInterval(() => {
    const end = performance.now() + 10;
    while (performance.now() < end);
  }, 20);
`;

/** Any of these may be killed at any moment. */
const VICTIMS = ["agent", "workload", "server"] as const;

describe("an agent, its workload and its server, killed with SIGKILL", () => {
  const own = ownGroups().unified;
  const parent = own === undefined ? null : join(own, `compute-credits-killed-${process.pid}`);
  let folder: string;
  let database: Database;
  let databaseUrl: string;
  let server: ChildServer;
  let proxy: TcpProxy;
  let args: string[];
  let agent: Program;
  let leases = 0;
  const table: string[] = [];

  before(async function () {
    // The kernel's own account of all workloads is that of a group that holds all of theirs.
    try {
      mkdirSync(join(parent ?? "/none", "agent"), { recursive: true });
    } catch {
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), "compute-credits-killed-"));
    databaseUrl = await newLedgerDatabase();
    database = await openPgDatabase(databaseUrl, 2);
    const ledger = await openLedger(database);
    await insertCard(database, {
      rates: [fixedRate({ meter: "cpu.milliseconds" })],
      effectiveFrom: new Date("2020-02-01"),
    });
    await ledger.purchase(payer, "1000");
    const { message } = await ledger.allow(payer);
    await ledger.grantAccess(message.spender, provider);
    const registering = await serveLedger(ledger);
    await writeFile(join(folder, "provider.key"), await registering.keyOf(provider));
    await registering.stop();
    server = startChildServer({ DATABASE_URL: databaseUrl }, "test/fixtures/ledgerProgram.ts");
    proxy = await startTcpProxy(portOf(await server.url()));
    args = [
      ["run", "--server", `http://127.0.0.1:${proxy.port}`, "--state", join(folder, "state")],
      ["--key-file", join(folder, "provider.key"), "--spender", message.spender],
      ["--interval", "1", "--grace", "1", "--margin", "2", "--reach", "20", "--cpu"],
    ].flat();
  });
  after(async () => {
    await agent?.end("SIGTERM");
    await server?.kill();
    await proxy?.stop();
    await database?.close();
    if (folder !== undefined) await rm(folder, { recursive: true });
    if (parent !== null && existsSync(parent)) {
      rmdirSync(join(parent, "agent"));
      rmdirSync(parent);
    }
  });
  afterEach(function () {
    if (this.currentTest?.isFailed() === true) console.log(table.join("\n"), agent?.said());
  });

  const leaseFolder = () => join(folder, "state", `lease-${leases}`);

  /** Starts an agent over the lease: it begins it, or takes it up. */
  function startAgent(): void {
    const command = ["--name", `lease-${leases}`, "--", process.execPath, "-e", BURNER];
    agent = startProgram("meter/main.ts", {}, [...args, ...command]);
    // Its workloads' groups are made beside its own.
    writeFileSync(join(parent ?? "", "agent", "cgroup.procs"), `${agent.process.pid}`);
  }

  const journalState = () => readState(leaseFolder());

  /** Milliseconds of CPU that all workloads have used, by the kernel, those that ended too. */
  function usedMs(): number {
    return usageOf(parent ?? "") - usageOf(join(parent ?? "", "agent"));
  }

  /** Milliseconds that were charged: a micro-credit each. */
  async function chargedMs(): Promise<number> {
    const [sum] = await database.query<{ units: string }>(
      "select coalesce(sum(amount_micros), 0) as units from debits",
    );
    return Number(sum?.units);
  }

  async function kill(victim: (typeof VICTIMS)[number]): Promise<void> {
    if (victim === "agent") {
      await agent.end("SIGKILL");
      startAgent();
    } else if (victim === "server") {
      await server.kill();
      server = startChildServer({ DATABASE_URL: databaseUrl }, "test/fixtures/ledgerProgram.ts");
      proxy.moveTo(portOf(await server.url()));
    } else {
      const root = (await journalState())?.workload?.root ?? null;
      if (root !== null && isRunning(root)) process.kill(root.pid, "SIGKILL");
    }
  }

  /** Sees that a workload runs under an agent, as a service manager does. */
  async function keepRunning(): Promise<void> {
    await patiently("a running workload", async () => {
      if (agent.process.exitCode !== null || agent.process.signalCode !== null) {
        const state = await journalState();
        // A lease that is over stays as it is, and the next command has a lease of its own.
        if (state?.isSettled === true) leases += 1;
        startAgent();
      }
      const root = (await journalState())?.workload?.root ?? null;
      return root !== null && isRunning(root);
    });
  }

  it("charge what was used, within one interval and never above", async function () {
    this.timeout(KILLS * 60_000);
    // The short run kills each of them once, and the long one whom it likes.
    const shuffled = [...VICTIMS].sort(() => Math.random() - 0.5);
    const next = (kills: number) => shuffled[IS_FULL ? randomInt(3) : kills % 3] ?? "agent";
    startAgent();
    for (let kills = 0; kills < KILLS; kills++) {
      // oxlint-disable-next-line no-await-in-loop
      await keepRunning();
      const victim = next(kills);
      const waitMs = Math.floor(Math.random() * 1_500);
      // oxlint-disable-next-line no-await-in-loop -- one kill after the other, at any moment
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      // oxlint-disable-next-line no-await-in-loop
      await kill(victim);
      // oxlint-disable-next-line no-await-in-loop
      const charged = await chargedMs();
      const used = usedMs();
      table.push(`${victim} after ${waitMs} ms: charged ${charged} of ${Math.round(used)} ms`);
      expect(charged, table.at(-1)).to.be.at.most(used);
    }
    await keepRunning();
    await agent.end("SIGTERM");
    const [charged, used] = [await chargedMs(), usedMs()];
    table.push(`in the end: charged ${charged} of ${Math.round(used)} ms, in ${leases + 1} leases`);
    if (IS_FULL) console.log(table.join("\n"));
    expect(charged).to.be.at.most(used);
    expect(used - charged).to.be.at.most(INTERVAL_MS);
    expect(charged).to.be.above(0);
    expect((await journalState())?.isSettled).to.equal(true);
  });
});

/** A loaded machine takes minutes for what an idle one does in a second. */
async function patiently(what: string, probe: () => Promise<boolean>): Promise<void> {
  for (let again = 5; ; again--) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- one wait after the other
      await eventually(what, probe);
      return;
    } catch (error) {
      if (again === 0) throw error;
    }
  }
}

/** Milliseconds of CPU that a group has used, with all that were in it. */
function usageOf(path: string): number {
  const stat = readFileSync(join(path, "cpu.stat"), "utf8");
  return Number(/usage_usec (\d+)/.exec(stat)?.[1]) / 1_000;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
