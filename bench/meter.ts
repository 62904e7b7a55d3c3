/**
 * `npm run bench:meter`: the meter agent's own CPU with 50 workloads at an interval of 10 seconds.
 * Readings of 50 control groups (or process trees), the flushed journals and the calls of a real
 * server in another process count; the server's own time does not.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { type Moment, NS_PER_SECOND, createClock } from "../meter/clock.ts";
import { openJournal } from "../meter/journal/journal.ts";
import { type Lease, createLease } from "../meter/lease/lease.ts";
import { DEFAULT_METERS } from "../meter/measures.ts";
import { lineOf } from "../meter/lease/linesOf.ts";
import { createHttpLedger } from "../meter/lease/httpLedger.ts";
import { cgroupCpu, cgroupMemory } from "../meter/sources/cgroup.ts";
import { procCpu, procMemory } from "../meter/sources/proc.ts";
import type { Source } from "../meter/sources/source.ts";
import { createTree, readProcess } from "../meter/workload/processes.ts";
import { makeGroups, removeGroups } from "../meter/workload/groups.ts";
import { createDatabase } from "../scripts/local/postgresServer.ts";
import { migrateLedger } from "../server/stores/migrateLedger.ts";
import { startChildServer } from "../test/fixtures/childServer.ts";
import { openLedger, party } from "../test/fixtures/ledger.ts";
import { serveLedger } from "../test/fixtures/ledgerServer.ts";
import { fixedRate, insertCard } from "../test/fixtures/rates.ts";
import { findPostgres } from "./ledger/rig.ts";
import { printRatio } from "./ratio.ts";

const WORKLOADS = 50;
const INTERVAL_SECONDS = 10;
const READINGS = Number(process.env["BENCH_ROUNDS"] ?? 60);
/** The most of a core that the agent may take. */
const MOST_SHARE = 0.005;

const timing = {
  intervalSeconds: INTERVAL_SECONDS,
  graceSeconds: 10,
  marginSeconds: 5,
  reachSeconds: 85,
};

const postgres = await findPostgres(256);
const databaseUrl = await createDatabase(postgres);
const database = await openPgDatabase(databaseUrl, 4);
const folder = await mkdtemp(join(tmpdir(), "compute-credits-bench-meter-"));
const groups: ReturnType<typeof makeGroups>[] = [];
await migrateLedger(database);
const ledger = await openLedger(database);
await insertCard(database, {
  rates: [fixedRate({ meter: "cpu.milliseconds" }), fixedRate({ meter: "memory.gib_seconds" })],
  effectiveFrom: new Date("2020-02-01"),
});
const registering = await serveLedger(ledger);
const provider = party(1);
const key = await registering.keyOf(provider);
await registering.stop();
const server = startChildServer({ DATABASE_URL: databaseUrl }, "test/fixtures/ledgerProgram.ts");
try {
  const url = await server.url();
  const clock = createClock();
  /** Runs ahead of the machine's: a reading after the other, ten seconds apart. */
  let passed = 0n;
  const now = (): Moment => {
    const { clock: boot, ns } = clock();
    return { clock: boot, ns: ns + passed * BigInt(INTERVAL_SECONDS) * NS_PER_SECOND };
  };

  const leases: Lease[] = [];
  for (let index = 0; index < WORKLOADS; index++) {
    const payer = party(100 + index);
    await ledger.purchase(payer, "1000000");
    const { message } = await ledger.allow(payer);
    await ledger.grantAccess(message.spender, provider);
    leases.push(await open(index, url, message.spender));
  }

  async function open(index: number, to: string, spender: string): Promise<Lease> {
    const made = makeGroups(`compute-credits-bench-${process.pid}-${index}`, { memoryBytes: null });
    groups.push(made);
    const self = readProcess(process.pid);
    if (self === null) throw new Error("/proc is not here");
    const tree = createTree([self]);
    const cpu = lineOf(DEFAULT_METERS, "cpu", {
      id: "cpu",
      mostPerSecond: 8n * NS_PER_SECOND,
      dimensions: {},
    });
    const memory = lineOf(DEFAULT_METERS, "memory", {
      id: "memory",
      mostPerSecond: 8n * 1_073_741_824n * NS_PER_SECOND,
      dimensions: {},
    });
    const journal = await openJournal(join(folder, `${index}`));
    await journal.append({ is: "lease", lease: crypto.randomUUID(), lines: [cpu, memory] });
    const lease = createLease({
      journal,
      ledger: createHttpLedger({ server: to, key, payer: { spender }, timeoutMs: 60_000 }),
      sources: new Map([
        ["cpu", busy(cgroupCpu(made) ?? procCpu(tree), () => passed * 5n * NS_PER_SECOND)],
        ["memory", busy(cgroupMemory(made) ?? procMemory(tree), () => 1_073_741_824n)],
      ]),
      timing,
      evidence: () => Promise.resolve({}),
      now,
      time: () => new Date(),
      say: () => undefined,
    });
    const opened = await lease.open();
    if (opened.is !== "done") throw new Error(opened.said);
    return lease;
  }

  async function readAll(): Promise<void> {
    passed += 1n;
    await Promise.all(
      leases.map(async (lease) => {
        await lease.measure();
        await lease.settle();
        await lease.extend();
      }),
    );
  }

  for (let warm = 0; warm < 5; warm++) await readAll();
  const before = process.cpuUsage();
  for (let reading = 0; reading < READINGS; reading++) await readAll();
  const { user, system } = process.cpuUsage(before);
  const uncharged = leases.filter(({ state }) => state.pending !== null).length;
  if (uncharged > 0) throw new Error(`${uncharged} leases were not charged: nothing was measured`);
  const share = (user + system) / 1e6 / (READINGS * INTERVAL_SECONDS);
  const how = Object.keys(groups[0] ?? {}).join(" and ") || "process trees";
  console.log(`${WORKLOADS} workloads (${how}): ${(share * 100).toFixed(3)} % of a core`);
  printRatio("meter_agent_headroom", MOST_SHARE / share, 1);
} finally {
  await server.kill();
  await database.close();
  await postgres.stop();
  groups.forEach(removeGroups);
  await rm(folder, { recursive: true });
}

/** What a busy workload adds: the groups have no process. */
function busy(source: Source, more: () => bigint): Source {
  return {
    async read() {
      const reading = await source.read();
      return reading === null ? null : { ...reading, value: reading.value + more() };
    },
  };
}
