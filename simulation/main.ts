/** `npm run simulate -- --operations N --seed S`: random operations on a real PostgreSQL, audited to the last micro-credit. */
import { parseArgs } from "node:util";

import { startPostgres } from "../scripts/local/postgresServer.ts";
import { simulate } from "./simulation.ts";

const HELP = `npm run simulate -- [--operations 50000] [--seed 1] [--processes 3] [--kill] [--audit]

  --operations  how many; a batch of events counts as many as it holds
  --seed        any text: the operations follow from it
  --processes   server processes on the one database
  --kill        also kills server processes, and PostgreSQL itself, with SIGKILL under load
  --audit       also lets the auditor that operators run follow, and make every checkpoint again`;

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
  const command = `npm run simulate -- --operations ${operations} --seed ${seed} --processes ${processes}${kill ? " --kill" : ""}${audit ? " --audit" : ""}`;
  const server = await startPostgres();
  const begun = performance.now();
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
    const seconds = (performance.now() - begun) / 1000;
    console.log({ ...report, refusals: Object.fromEntries(report.refusals) });
    console.log(`all agree, after ${seconds.toFixed(0)} s`);
  } catch (error) {
    console.error(error);
    console.error(`\nto see it again:\n  ${command}`);
    process.exitCode = 1;
  } finally {
    await server.stop();
  }
}
