/**
 * `npm run simulate -- --operations N --seed S`: random operations on a real PostgreSQL, audited to
 * the last micro-credit.
 */
import { parseArgs } from "node:util";

import { startPostgres } from "../scripts/local/postgresServer.ts";
import { simulate } from "./simulation.ts";

const HELP = `npm run simulate -- [--operations 50000] [--seed 1] [--processes 3] [--kill] [--audit]

  --operations  number of operations; each event of a batch counts
  --seed        any text; it determines the operations
  --processes   server processes on one database
  --kill        also kills server processes and PostgreSQL with SIGKILL under load
  --audit       also runs the real auditor, which recomputes every checkpoint`;

const { values } = parseArgs({
  options: {
    operations: { type: "string", default: "50000" },
    seed: { type: "string", default: "1" },
    processes: { type: "string", default: "3" },
    kill: { type: "boolean", default: false },
    audit: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else await run(Number(values.operations), Number(values.processes));

async function run(operations: number, processes: number): Promise<void> {
  const { seed, kill, audit } = values;
  const flags = `${kill ? " --kill" : ""}${audit ? " --audit" : ""}`;
  const command =
    `npm run simulate -- --operations ${operations} --seed ${seed} ` +
    `--processes ${processes}${flags}`;
  const server = await startPostgres();
  const startedAt = performance.now();
  try {
    const report = await simulate(server, {
      operations,
      seed,
      processes,
      kills: kill
        ? { processes: Math.ceil(operations / 8_000), databases: Math.ceil(operations / 40_000) }
        : { processes: 0, databases: 0 },
      audit,
      log: (line) => console.log(line),
    });
    const seconds = (performance.now() - startedAt) / 1000;
    console.log({ ...report, refusals: Object.fromEntries(report.refusals) });
    console.log(`all agree, after ${seconds.toFixed(0)} s`);
  } catch (error) {
    console.error(error);
    console.error(`\nto reproduce:\n  ${command}`);
    process.exitCode = 1;
  } finally {
    await server.stop();
  }
}
