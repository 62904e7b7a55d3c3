import type { Database } from "@compute-credits/platform/postgres/database";
import { createRollUpStore } from "../server/stores/rollups/postgresRollUpStore.ts";
import type { CheckPlace } from "../server/stores/rollups/rollUpStore.ts";
import { DisagreementError } from "./disagreement.ts";
import type { ServerPool } from "./serverPool.ts";

const MOST_ORDERS = 150;

/** Adds a small slice of the log to the daily sums, of another size after each number of calls. */
export async function rollUpSlice(serverPool: ServerPool, calls: number): Promise<void> {
  await serverPool.call("rollUp", { most: 1 + ((calls * 7) % MOST_ORDERS) });
}

/**
 * Compares all sums with the log as the servers' worker does, while the sums are behind it; then
 * adds the rest. No operation may be running.
 */
export async function finishDailySums(serverPool: ServerPool, database: Database): Promise<void> {
  await checkAll(database);
  for (let left = "more"; left === "more";) {
    // oxlint-disable-next-line no-await-in-loop -- slices are sequential
    left = (await serverPool.call("rollUp", { most: MOST_ORDERS * 10 })).output;
  }
  await checkAll(database);
}

async function checkAll(database: Database): Promise<void> {
  const rollUps = createRollUpStore(database);
  let after: CheckPlace | null = null;
  do {
    // oxlint-disable-next-line no-await-in-loop -- each place follows the last one
    const { place, mismatch } = await rollUps.checkNext(after);
    if (mismatch !== null) throw new DisagreementError("the worker refuses daily sums", mismatch);
    after = place;
  } while (after !== null);
}
