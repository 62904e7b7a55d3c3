/**
 * `npm run bench:ledger`: the speed of strict debits, each compared with a baseline in the same
 * run.
 */
import { parseArgs } from "node:util";

import { debitsVsBareInsert } from "./ledger/debitsVsBareInsert.ts";
import { hotAccountVsSpread } from "./ledger/hotAccount.ts";
import { httpBatchVsLedger, httpSingleVsBareExpress } from "./ledger/http.ts";
import { startLoadProcess } from "./ledger/loadProcess.ts";
import { countOverspent } from "./ledger/overspend.ts";
import { pgliteVsPostgres } from "./ledger/pglite.ts";
import { CONCURRENCY, singleVsOneCommitEach } from "./ledger/singles.ts";
import { findPostgres, openRig } from "./ledger/rig.ts";
import { type Figure, printFigure } from "./ratio.ts";

const HELP = `npm run bench:ledger -- [--only NAME]…

Uses the PostgreSQL at TEST_DATABASE_URL,
  or starts one. Prints medians of ratios of alternating runs.

  --only   measures only this figure; can be repeated

BENCH_ROUNDS=3 measures only three pairs of runs per figure.`;

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
    ["http_single_vs_bare_express", 0.5, () => httpSingleVsBareExpress(rig, clients, CONCURRENCY)],
    ["http_single_64_at_once", "reported", () => httpSingleVsBareExpress(rig, clients, 64)],
    ["pglite_vs_postgres", "reported", () => pgliteVsPostgres(rig)],
  ];
  try {
    for (const [name, target, measure] of figures) {
      // oxlint-disable-next-line no-await-in-loop -- figures must not disturb each other
      if (only === undefined || only.includes(name)) printFigure(name, await measure(), target);
    }
    console.log(`overspent accounts and allowances: ${await countOverspent(rig)}`);
  } finally {
    clients.stop();
    await rig.database.close();
    await server.stop();
  }
}
