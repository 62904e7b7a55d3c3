/** `npm run bench:growth`: the speed of debits on a long log ÷ on a short log. */
import { totalmem } from "node:os";

import { readOptions, run, wholeNumber } from "@compute-credits/platform/process/commandLine";
import { fillLog } from "./ledger/fillLog.ts";
import { runLists } from "./ledger/inParallel.ts";
import { countOverspent } from "./ledger/overspend.ts";
import { BATCH, CALLERS, type Rig, findPostgres, openRig } from "./ledger/rig.ts";
import { randomBatches } from "./ledger/parties.ts";
import { pairedSpeed, printFigure } from "./ratio.ts";

const HELP = `npm run bench:growth -- [OPTIONS]

  --rows NUMBER   usage rows in the long log (10000000): they take minutes and 6 GB of disk
  --help          this text`;

const MOST_ROWS = 10_000_000_000;

const BATCHES_PER_CALLER = 4;

/**
 * Warm-up runs of each database. After a PostgreSQL checkpoint, the first change of a page writes
 * the whole page to the WAL.
 */
const WARM_UP_RUNS = 25;

await run(async () => {
  const { values } = readOptions({
    options: {
      rows: { type: "string", default: "10000000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) console.log(HELP);
  else await measure(wholeNumber("--rows", values.rows, { least: 1, most: MOST_ROWS }));
});

async function measure(rows: number): Promise<void> {
  // A quarter of the machine's memory, as docs/scaling.md recommends.
  const server = await findPostgres(Math.floor(totalmem() / 4 / 2 ** 20));
  const [long, short] = [await openRig(server), await openRig(server)];
  try {
    await fillLog(long.database, rows);
    console.log(`the long log has ${rows} usage rows, the short one ${await rowsIn(short)}`);
    for (let round = 0; round < WARM_UP_RUNS; round++) {
      for (const rig of [long, short]) {
        // oxlint-disable-next-line no-await-in-loop -- runs must not disturb each other
        await debitsOn(rig)();
      }
    }
    const figure = await pairedSpeed(
      () => debitsOn(long),
      () => debitsOn(short),
      {
        rounds: 9,
        operations: BATCHES_PER_CALLER * CALLERS * BATCH,
      },
    );
    printFigure("debits_after_growth", figure, 0.8);
    console.log(`overspent accounts and allowances: ${await countOverspent(short)}`);
  } finally {
    await long.database.close();
    await short.database.close();
    await server.stop();
  }
}

function debitsOn({ ledger }: Rig) {
  const lists = Array.from({ length: CALLERS }, (_, caller) =>
    randomBatches(BATCHES_PER_CALLER, BATCH, { caller, of: CALLERS }),
  );
  return () => runLists(lists, (batch) => ledger.usage.record(batch));
}

async function rowsIn({ database }: Rig): Promise<bigint> {
  const [found] = await database.query<{ count: bigint }>("select count(*) from debits");
  return found?.count ?? 0n;
}
