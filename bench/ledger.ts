/** `npm run bench:ledger`: how fast strict debits are, each figure against a yardstick of the same run. */
import { openPgDatabase } from "../server/adapters/postgres/pgDatabase.ts";
import { migrate } from "../server/adapters/postgres/migrate.ts";
import { priceReader } from "../server/adapters/postgres/priceReader.ts";
import { rateIndexCache } from "../server/adapters/postgres/rateIndexCache.ts";
import { postgresUsageLedger } from "../server/adapters/postgres/usageLedger.ts";
import { mochaGlobalTeardown, newPostgresDatabase } from "../test/fixtures/postgresServer.ts";
import { bareInsert } from "./ledger/bareInsert.ts";
import { createWorld, randomBatches } from "./ledger/world.ts";
import { pairedSpeed, printRatio } from "./ratio.ts";

const RULES = { feeBps: 200n, maxEventAgeSeconds: 86_400, maxEventAheadSeconds: 300 };
const ROUNDS = 5;
const BATCHES = 20;
const CONNECTIONS = 4;

const database = await openPgDatabase(await newPostgresDatabase(), CONNECTIONS + 2);
await migrate(database);
await createWorld(database);
const ledger = postgresUsageLedger(database, RULES, priceReader(rateIndexCache()));
await inParallel(randomBatches(8, 1_000), (batch) => ledger.record(batch));

const speed = await pairedSpeed(
  () => inParallel(randomBatches(BATCHES, 1_000), (batch) => ledger.record(batch)),
  () => inParallel(randomBatches(BATCHES, 1_000), (batch) => bareInsert(database, batch)),
  ROUNDS,
);
console.log(
  `debits ${Math.round((BATCHES * 1000) / speed.secondsOfA)}/s, bare ${Math.round((BATCHES * 1000) / speed.secondsOfB)}/s`,
);
printRatio("debits_vs_bare_insert", speed.ratio, 0.6);

await database.close();
await mochaGlobalTeardown();

/** Works through the batches on as many connections as there are. */
async function inParallel<T>(
  batches: readonly T[],
  work: (batch: T) => Promise<unknown>,
): Promise<void> {
  const queue = batches.values();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      // oxlint-disable-next-line no-await-in-loop -- one batch after the other on each connection
      for (const batch of queue) await work(batch);
    }),
  );
}
