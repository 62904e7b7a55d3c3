/** `npm run bench:checkpoint [-- ACCOUNTS]`: what checkpoints cost, and what they cost the debits beside them. */
import { migrateLedger } from "../server/stores/migrateLedger.ts";
import { createCheckpointStore } from "../server/stores/checkpoints/postgresCheckpointStore.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { createDatabase, findOrStartServer } from "../scripts/local/postgresServer.ts";
import {
  cutOne,
  fullTree,
  incrementalTree,
  makeFinal,
  spendEverywhere,
  spendSomewhere,
} from "./checkpoint/stepsOfCuts.ts";
import { compareTrees, reportMemory } from "./checkpoint/trees.ts";
import { eventOf, openFilledLedger } from "./ledger/parties.ts";
import { median, printRatio, seconds } from "./ratio.ts";

const ACCOUNTS = Number(process.argv[2] ?? 1_000_000);
const CHANGED = ACCOUNTS / 100;
const TREE_ROWS = 100_000;
const ROUNDS = 5;
const TIMES = 5;
const CONNECTIONS = 4;
const WINDOW_SECONDS = 4;

await compareTrees(TREE_ROWS);
reportMemory(ACCOUNTS);
// Of what came until now, OpenZeppelin's tree is the most.
console.log(`memory of this process at its most, before any cut: ${mostMegabytes()} MB`);

const server = await findOrStartServer();
const database = await openPgDatabase(await createDatabase(server), CONNECTIONS + 4);
await migrateLedger(database);
const { usage: ledger } = await openFilledLedger(database, ACCOUNTS);
await spendEverywhere(database);
await database.script("vacuum analyze accounts");
const book = createCheckpointStore(database);

let last = await (async () => {
  let first = null;
  const took = await seconds(async () => (first = await cutOne(book)));
  console.log(
    `first cut of ${ACCOUNTS} accounts: ${took.toFixed(1)} s; at its most until here ${mostMegabytes()} MB`,
  );
  return first ?? (await cutOne(book));
})();
await makeFinal(database, last);
await database.script("vacuum analyze");

const ratios: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  await spendSomewhere(database, { accounts: ACCOUNTS, changed: CHANGED });
  let now = last;
  const whole = await seconds(async () => (now = await cutOne(book)));
  // One takes a third of a second, in which a machine may be slow or quick by chance; making it from all rows evens that out.
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) times.push(await incrementalTree(database, now));
  const incremental = median(times);
  const full = await fullTree(database, now);
  ratios.push(full / incremental);
  console.log(
    `${CHANGED} of ${ACCOUNTS} rows changed: whole cut ${whole.toFixed(2)} s; stored tree ${incremental.toFixed(2)} s, from all rows ${full.toFixed(2)} s`,
  );
  await makeFinal(database, now);
  last = now;
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
    `debits ${Math.round(before)}/s, while cutting ${Math.round(cutting)}/s, then ${Math.round(after)}/s`,
  );
  before = after;
}
printRatio("debits_while_cutting_vs_idle", median(speeds), 0.7);
console.log(
  `memory of this process at its most, with the load that it makes: ${mostMegabytes()} MB`,
);

await database.close();
await server.stop();

function mostMegabytes(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}

/** Debits a second, in batches of a thousand events of accounts chosen at random. */
async function debitFor(duration: number, mayStop = () => true): Promise<number> {
  const now = new Date();
  const batches = Array.from({ length: 400 }, () =>
    Array.from({ length: 1_000 }, () => eventOf(1 + Math.floor(Math.random() * ACCOUNTS), now)),
  ).values();
  let debits = 0;
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (const batch of batches) {
        // oxlint-disable-next-line no-await-in-loop -- one batch after the other on each connection
        await ledger.record(batch);
        debits += batch.length;
        if (elapsed() > duration && mayStop()) break;
      }
    }),
  );
  return debits / elapsed();
}

/** One cut after the other, for as long as the debits go on and until one is done. */
async function debitWhileCutting(): Promise<number> {
  const over = new AbortController();
  let cuts = 0;
  const cutting = (async () => {
    while (!over.signal.aborted) {
      const now = await book.cut(10_000n);
      if (now === null) continue;
      cuts++;
      await makeFinal(database, now);
    }
  })();
  const speed = await debitFor(WINDOW_SECONDS, () => cuts > 0);
  over.abort();
  await cutting;
  console.log(`${cuts} cuts meanwhile`);
  return speed;
}
