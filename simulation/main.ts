/**
 * `npm run simulate -- --operations N --seed S`: random operations on a real PostgreSQL, audited to
 * the last micro-credit.
 */
import { readOptions, run, wholeNumber } from "@compute-credits/platform/process/commandLine";

/** Each server process takes a core and connections of the database. */
const MOST_PROCESSES = 32;
const MOST_OPERATIONS = 100_000_000;

const HELP = `npm run simulate [-- OPTIONS]

  --operations NUMBER   number of operations; each event of a batch counts (50000)
  --seed TEXT           any text; it determines the operations (1)
  --processes NUMBER    server processes on one database, 1 to ${MOST_PROCESSES} (3)
  --holds               asks mostly for holds, captures, extensions and groups of few events
  --kill                also kills server processes and PostgreSQL with SIGKILL under load
  --faults              also freezes server processes and PostgreSQL (SIGSTOP), silences connections,
                        and replaces the database by an old backup, which is recovered
  --audit               also runs the real auditor, which recomputes every checkpoint
  --help                this text`;

await run(async () => {
  const { values } = readOptions({
    options: {
      operations: { type: "string", default: "50000" },
      seed: { type: "string", default: "1" },
      processes: { type: "string", default: "3" },
      holds: { type: "boolean", default: false },
      kill: { type: "boolean", default: false },
      faults: { type: "boolean", default: false },
      audit: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { seed, holds, kill, faults, audit } = values;
  await runSimulation({
    operations: wholeNumber("--operations", values.operations, { least: 1, most: MOST_OPERATIONS }),
    processes: wholeNumber("--processes", values.processes, { least: 1, most: MOST_PROCESSES }),
    seed,
    holds,
    kill,
    faults,
    audit,
  });
});

interface Chosen {
  readonly operations: number;
  readonly processes: number;
  readonly seed: string;
  readonly holds: boolean;
  readonly kill: boolean;
  readonly faults: boolean;
  readonly audit: boolean;
}

async function runSimulation({
  operations,
  processes,
  seed,
  holds,
  kill,
  faults,
  audit,
}: Chosen): Promise<void> {
  const flags = [holds && " --holds", kill && " --kill", faults && " --faults", audit && " --audit"]
    .filter((flag) => flag !== false)
    .join("");
  const command =
    `npm run simulate -- --operations ${operations} --seed ${seed} ` +
    `--processes ${processes}${flags}`;
  // Loaded only now: a wrong option is answered at once.
  const [{ startPostgres }, { simulate }] = await Promise.all([
    import("../scripts/local/postgresServer.ts"),
    import("./simulation.ts"),
  ]);
  const server = await startPostgres();
  const startedAt = performance.now();
  try {
    const report = await simulate(server, {
      operations,
      seed,
      processes,
      mostlyHolds: holds,
      kills: kill
        ? { processes: Math.ceil(operations / 8_000), databases: Math.ceil(operations / 40_000) }
        : { processes: 0, databases: 0 },
      ...(faults && {
        faults: {
          frozenProcesses: Math.ceil(operations / 25_000),
          frozenDatabases: Math.ceil(operations / 50_000),
          silences: Math.ceil(operations / 25_000),
          restores: Math.ceil(operations / 250_000),
        },
      }),
      audit,
      log: (line) => console.log(line),
    });
    const seconds = (performance.now() - startedAt) / 1000;
    const kinds = Object.fromEntries(report.kinds);
    console.log({ ...report, kinds, refusals: Object.fromEntries(report.refusals) });
    console.log(`all agree, after ${seconds.toFixed(0)} s`);
  } catch (error) {
    console.error(error);
    console.error(`\nto reproduce:\n  ${command}`);
    process.exitCode = 1;
  } finally {
    await server.stop();
  }
}
