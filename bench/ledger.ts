/** `npm run bench:ledger`: how fast strict debits are, each figure against a yardstick of the same run. */
import { parseArgs } from "node:util";

import { debitsVsBareInsert } from "./ledger/debitsVsBareInsert.ts";
import { hotAccountVsSpread } from "./ledger/hotAccount.ts";
import { httpBatchVsLedger, httpSingleVsBareExpress } from "./ledger/http.ts";
import { startLoadProcess } from "./ledger/loadProcess.ts";
import { countOverspent } from "./ledger/overspend.ts";
import { pgliteVsPostgres } from "./ledger/pglite.ts";
import { AT_ONCE, singleVsOneCommitEach } from "./ledger/singles.ts";
import { findPostgres, openRig } from "./ledger/rig.ts";
import { type Figure, printFigure } from "./ratio.ts";

const HELP = `npm run bench:ledger -- [--only NAME]…

On the PostgreSQL that TEST_DATABASE_URL names, else on one that it starts. Ratios: medians of runs in turn.

  --only   one of the figures, by its name; may be given several times

BENCH_ROUNDS=3 counts three pairs of runs of each figure, for a quick look.`;

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true }, help: { type: "boolean", default: false } },
});

if (values.help) console.log(HELP);
else await run(values.only);

async function run(only: readonly string[] | undefined): Promise<void> {
  const server = await findPostgres();
  const rig = await openRig(server);
  const clients = startLoadProcess();
  const figures: readonly [name: string, target: number | "reported", () => Promise<Figure>][] = [
    ["debits_vs_bare_insert", 0.6, () => debitsVsBareInsert(rig, "own")],
    ["debits_on_shared_accounts", "reported", () => debitsVsBareInsert(rig, "shared")],
    ["hot_account_vs_spread", 0.7, () => hotAccountVsSpread(rig)],
    ["single_vs_one_commit_each", 10, () => singleVsOneCommitEach(rig)],
    ["http_batch_vs_ledger", 0.6, () => httpBatchVsLedger(rig, clients)],
    ["http_single_vs_bare_express", 0.5, () => httpSingleVsBareExpress(rig, clients, AT_ONCE)],
    ["http_single_64_at_once", "reported", () => httpSingleVsBareExpress(rig, clients, 64)],
    ["pglite_vs_postgres", "reported", () => pgliteVsPostgres(rig)],
  ];
  try {
    for (const [name, target, measure] of figures) {
      // oxlint-disable-next-line no-await-in-loop -- each has the machine to itself
      if (only === undefined || only.includes(name)) printFigure(name, await measure(), target);
    }
    console.log(`overspent accounts and allowances: ${await countOverspent(rig)}`);
  } finally {
    clients.stop();
    await rig.database.close();
    await server.stop();
  }
}
