/**
 * `npm run bench:ledger`: the speed of strict debits, each compared with a baseline in the same
 * run.
 */
import { readOptions, run, UsageError } from "@compute-credits/platform/process/commandLine";
import { debitsVsBareInsert } from "./ledger/debitsVsBareInsert.ts";
import { depletedInFront } from "./ledger/depletedInFront.ts";
import { hotAccountVsSpread } from "./ledger/hotAccount.ts";
import {
  httpBatchVsLedger,
  httpHoldCaptureVsUsage,
  httpSingleVsBareExpress,
} from "./ledger/http.ts";
import { startLoadProcess } from "./ledger/loadProcess.ts";
import { holdCaptureVsUsage, holdLatencyVsUsage } from "./ledger/holdPairs.ts";
import { countLeakedHolds, countOverspent } from "./ledger/overspend.ts";
import { pgliteVsPostgres } from "./ledger/pglite.ts";
import { CONCURRENCY, singleVsOneCommitEach } from "./ledger/singles.ts";
import { findPostgres, openRig } from "./ledger/rig.ts";
import { thresholdsVsNone } from "./ledger/thresholds.ts";
import { type Figure, printFigure } from "./ratio.ts";

const HELP = `npm run bench:ledger -- [OPTIONS]

Uses the PostgreSQL at TEST_DATABASE_URL, or starts one. Prints medians of ratios of alternating
runs.

  --only NAME   measures only this figure; can be repeated
  --help        this text

BENCH_ROUNDS=3 measures only three pairs of runs per figure.`;

const NAMES = [
  "debits_vs_bare_insert",
  "debits_on_shared_accounts",
  "hot_account_vs_spread",
  "depleted_in_front_vs_none",
  "thresholds_vs_none",
  "single_vs_one_commit_each",
  "hold_capture_vs_usage",
  "hold_capture_vs_usage_hot",
  "hold_latency_vs_usage",
  "http_hold_capture_vs_usage",
  "http_hold_capture_vs_usage_hot",
  "http_batch_vs_ledger",
  "http_single_vs_bare_express",
  "http_single_64_at_once",
  "pglite_vs_postgres",
] as const;

await run(async () => {
  const { values } = readOptions({
    options: {
      only: { type: "string", multiple: true },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { only = NAMES } = values;
  const unknown = only.find((name) => !NAMES.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no figure "${unknown}". There are ${NAMES.join(", ")}.`);
  }
  await measureFigures(only);
});

type Name = (typeof NAMES)[number];

async function measureFigures(only: readonly string[]): Promise<void> {
  const server = await findPostgres();
  const rig = await openRig(server);
  const clients = startLoadProcess();
  const figures: readonly [name: Name, target: number | "reported", () => Promise<Figure>][] = [
    ["debits_vs_bare_insert", 0.6, () => debitsVsBareInsert(rig, "own")],
    ["debits_on_shared_accounts", "reported", () => debitsVsBareInsert(rig, "shared")],
    ["hot_account_vs_spread", 0.7, () => hotAccountVsSpread(rig)],
    ["depleted_in_front_vs_none", "reported", () => depletedInFront(rig)],
    ["thresholds_vs_none", 0.95, () => thresholdsVsNone(rig)],
    ["single_vs_one_commit_each", 10, () => singleVsOneCommitEach(rig)],
    ["hold_capture_vs_usage", 0.4, () => holdCaptureVsUsage(rig, "spread")],
    ["hold_capture_vs_usage_hot", 0.4, () => holdCaptureVsUsage(rig, "hot")],
    ["hold_latency_vs_usage", 0.7, () => holdLatencyVsUsage(rig)],
    ["http_hold_capture_vs_usage", 0.4, () => httpHoldCaptureVsUsage(rig, clients, "spread")],
    ["http_hold_capture_vs_usage_hot", 0.4, () => httpHoldCaptureVsUsage(rig, clients, "hot")],
    ["http_batch_vs_ledger", 0.6, () => httpBatchVsLedger(rig, clients)],
    ["http_single_vs_bare_express", 0.5, () => httpSingleVsBareExpress(rig, clients, CONCURRENCY)],
    ["http_single_64_at_once", "reported", () => httpSingleVsBareExpress(rig, clients, 64)],
    ["pglite_vs_postgres", "reported", () => pgliteVsPostgres(rig)],
  ];
  try {
    for (const [name, target, measure] of figures) {
      // oxlint-disable-next-line no-await-in-loop -- figures must not disturb each other
      if (only.includes(name)) printFigure(name, await measure(), target);
    }
    console.log(`overspent accounts and allowances: ${await countOverspent(rig)}`);
    console.log(`leaked holds: ${await countLeakedHolds(rig)}`);
  } finally {
    clients.stop();
    await rig.database.close();
    await server.stop();
  }
}
