/** `npm run bench:growth`: how fast debits are where the log is long ÷ where it is short. */
import { totalmem } from "node:os";
import { parseArgs } from "node:util";

import { fillLog } from "./ledger/fillLog.ts";
import { sideBySide } from "./ledger/inParallel.ts";
import { countOverspent } from "./ledger/overspend.ts";
import { BATCH, CALLERS, type Rig, findPostgres, openRig } from "./ledger/rig.ts";
import { randomBatches } from "./ledger/parties.ts";
import { pairedSpeed, printFigure } from "./ratio.ts";

const HELP = `npm run bench:growth -- [--rows 10000000]

  --rows   usage rows that are there already; ten million take some minutes and 6 GB of disk`;

const BATCHES_EACH = 4;

/** Runs of each before the clock: after a checkpoint of PostgreSQL's, the first change to each page writes it whole. */
const WARM_UP = 25;

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "10000000" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else await run(Number(values.rows));

async function run(rows: number): Promise<void> {
  // A quarter of the memory, as docs/scaling.md has it.
  const server = await findPostgres(Math.floor(totalmem() / 4 / 2 ** 20));
  const [long, short] = [await openRig(server), await openRig(server)];
  try {
    await fillLog(long.database, rows);
    console.log(`${rows} usage rows are in the one table, ${await rowsIn(short)} in the other`);
    for (let done = 0; done < WARM_UP; done++) {
      for (const rig of [long, short]) {
        // oxlint-disable-next-line no-await-in-loop -- each has the machine to itself
        await debitsOn(rig)();
      }
    }
    const figure = await pairedSpeed(
      () => debitsOn(long),
      () => debitsOn(short),
      {
        rounds: 9,
        operations: BATCHES_EACH * CALLERS * BATCH,
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
    randomBatches(BATCHES_EACH, BATCH, { caller, of: CALLERS }),
  );
  return () => sideBySide(lists, (batch) => ledger.usage.record(batch));
}

async function rowsIn({ database }: Rig): Promise<bigint> {
  const [found] = await database.query<{ count: bigint }>("select count(*) from debits");
  return found?.count ?? 0n;
}
