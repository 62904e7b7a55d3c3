/**
 * `npm run bench:checkpoint [-- ACCOUNTS]`: the cost of checkpoints, and how much they slow down
 * debits.
 */
import { migrateLedger } from "../server/stores/migrateLedger.ts";
import { createCheckpointStore } from "../server/stores/checkpoints/postgresCheckpointStore.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { createDatabase, findOrStartServer } from "../scripts/local/postgresServer.ts";
import {
  cutOne,
  fullTree,
  incrementalTree,
  makeFinal,
  spendOnAllAccounts,
  spendOnSomeAccounts,
} from "./checkpoint/cuts.ts";
import { compareTrees, reportMemory } from "./checkpoint/trees.ts";
import { eventOf, openFilledLedger } from "./ledger/parties.ts";
import { median, printRatio, seconds } from "./ratio.ts";

const ACCOUNTS = Number(process.argv[2] ?? 1_000_000);
const CHANGED = ACCOUNTS / 100;
const TREE_ROWS = 100_000;
const ROUNDS = 5;
const REPEATS = 5;
const CONNECTIONS = 4;
const WINDOW_SECONDS = 4;

await compareTrees(TREE_ROWS);
reportMemory(ACCOUNTS);
// So far, OpenZeppelin's tree has taken the most.
console.log(`peak memory of this process before any cut: ${peakMegabytes()} MB`);

const server = await findOrStartServer();
const database = await openPgDatabase(
  await createDatabase(server),
  CONNECTIONS + 4,
  MAINTENANCE_LIMITS,
);
await migrateLedger(database);
const { usage: ledger } = await openFilledLedger(database, ACCOUNTS);
await spendOnAllAccounts(database);
await database.script("vacuum analyze accounts");
const checkpoints = createCheckpointStore(database);

let last = await (async () => {
  let first = null;
  const took = await seconds(async () => (first = await cutOne(checkpoints)));
  console.log(
    `first cut of ${ACCOUNTS} accounts: ${took.toFixed(1)} s; ` +
      `peak memory so far ${peakMegabytes()} MB`,
  );
  return first ?? (await cutOne(checkpoints));
})();
await makeFinal(database, last);
await database.script("vacuum analyze");

const ratios: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  await spendOnSomeAccounts(database, { accounts: ACCOUNTS, changed: CHANGED });
  let current = last;
  const whole = await seconds(async () => (current = await cutOne(checkpoints)));
  // One update takes a third of a second, too short for a stable figure, so take the median of
  // several.
  const times: number[] = [];
  for (let time = 0; time < REPEATS; time++) times.push(await incrementalTree(database, current));
  const incremental = median(times);
  const full = await fullTree(database, current);
  ratios.push(full / incremental);
  console.log(
    `${CHANGED} of ${ACCOUNTS} rows changed: whole cut ${whole.toFixed(2)} s; ` +
      `stored tree ${incremental.toFixed(2)} s, from all rows ${full.toFixed(2)} s`,
  );
  await makeFinal(database, current);
  last = current;
}
printRatio("incremental_vs_full", median(ratios), 20);

await debitFor(WINDOW_SECONDS);
const speeds: number[] = [];
let before = await debitFor(WINDOW_SECONDS);
for (let round = 0; round < ROUNDS; round++) {
  const cutting = await debitWhileCutting();
  // Before and after, because debits become slower as the tables grow.
  const after = await debitFor(WINDOW_SECONDS);
  speeds.push(cutting / ((before + after) / 2));
  console.log(
    `debits ${Math.round(before)}/s, while cutting ${Math.round(cutting)}/s, ` +
      `then ${Math.round(after)}/s`,
  );
  before = after;
}
printRatio("debits_while_cutting_vs_idle", median(speeds), 0.7);
console.log(`peak memory of this process, load generator included: ${peakMegabytes()} MB`);

await database.close();
await server.stop();

function peakMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/**
 * Records batches of 1,000 events on random accounts for `duration` seconds. Returns debits per
 * second.
 */
async function debitFor(duration: number, mayStop = () => true): Promise<number> {
  const current = new Date();
  const batches = Array.from({ length: 400 }, () =>
    Array.from({ length: 1_000 }, () => eventOf(1 + Math.floor(Math.random() * ACCOUNTS), current)),
  ).values();
  let debits = 0;
  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 1000;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (const batch of batches) {
        // oxlint-disable-next-line no-await-in-loop -- each connection is sequential
        await ledger.record(batch);
        debits += batch.length;
        if (elapsed() > duration && mayStop()) break;
      }
    }),
  );
  return debits / elapsed();
}

/** Cuts checkpoints one after another while debits run, at least one. Returns debits per second. */
async function debitWhileCutting(): Promise<number> {
  const stopCutting = new AbortController();
  let cuts = 0;
  const cutting = (async () => {
    while (!stopCutting.signal.aborted) {
      const current = await checkpoints.cut(10_000n);
      if (current === null) continue;
      cuts++;
      await makeFinal(database, current);
    }
  })();
  const speed = await debitFor(WINDOW_SECONDS, () => cuts > 0);
  stopCutting.abort();
  await cutting;
  console.log(`${cuts} cuts in that time`);
  return speed;
}
