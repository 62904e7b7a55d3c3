import type { Database } from "@compute-credits/platform/postgres/database";
import {
  readAccounts,
  readAllowances,
  readCodes,
  readEarnings,
  readHoldLots,
  readHoldParts,
  readHolds,
  readTierUse,
  type HoldRow,
} from "./ledgerSnapshot.ts";
import { compareModel } from "./compareModel.ts";
import { rollUpSlice } from "./dailySums.ts";
import type { ServerPool } from "./serverPool.ts";
import type { WatchedBalances } from "./watchedBalances.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Generator } from "./generator/generator.ts";
import type { Journal } from "./journal.ts";
import { codeKey } from "./model/keyOf.ts";
import { weight } from "./operations.ts";
import type { PartitionedLane } from "./partitionedLane.ts";

/** More than there are lanes: each adds a slice to the daily sums after so many operations. */
const CALLS_PER_ROLL_UP = 25;

/** A lane: the operations to perform, and the checks of their outcomes. */
export interface LaneRun {
  readonly generator: Generator;
  readonly lane: PartitionedLane;
}

/**
 * Runs all lanes concurrently, each on its own accounts, for about `operationsPerLane` operations.
 */
export async function runRound(
  lanes: readonly LaneRun[],
  operationsPerLane: number,
  {
    journal,
    serverPool,
    webhooks,
  }: {
    readonly journal: Journal;
    readonly serverPool: ServerPool;
    readonly webhooks: WatchedBalances;
  },
): Promise<void> {
  await Promise.all(
    lanes.map(async ({ generator, lane }, index) => {
      for (let done = 0, calls = 0; done < operationsPerLane; calls++) {
        const operation = generator.next();
        // oxlint-disable-next-line no-await-in-loop -- a lane is sequential
        await lane.perform(operation);
        webhooks.observe(lane.model);
        done += weight(operation);
        journal.operations += weight(operation);
        // oxlint-disable-next-line no-await-in-loop
        if (calls % CALLS_PER_ROLL_UP === index) await rollUpSlice(serverPool, calls);
      }
    }),
  );
}

/**
 * Releases expired holds on several servers at once. Checks that exactly the expired ones were
 * released.
 */
export async function expireHolds(
  lanes: readonly LaneRun[],
  { serverPool, database }: { serverPool: ServerPool; database: Database },
): Promise<void> {
  const startedAt = new Date();
  const finished = await Promise.all([0, 1, 2].map(() => expireAllDue(serverPool)));
  const endedAt = new Date(Math.max(...finished.map((until) => until.getTime())));

  const rows = byKey(await readHolds(database, startedAt));
  for (const { lane } of lanes) {
    const expired: { key: string; at: Date }[] = [];
    for (const [key, hold] of lane.model.holds) {
      if (hold.resolution !== null) continue;
      const row = rows.get(key);
      const isDue = hold.expiresAt <= startedAt;
      const at = row?.resolved_at ?? null;
      if (at === null) {
        if (isDue) {
          throw new DisagreementError("an expired hold is still open", { key, hold, startedAt });
        }
        continue;
      }
      if (row?.resolved_as !== "expired" || at < hold.expiresAt || at < startedAt || at > endedAt) {
        const evidence = { key, hold, row, startedAt, endedAt };
        throw new DisagreementError("a hold ended early or without a request", evidence);
      }
      expired.push({ key, at });
    }
    // In time order: credits returned before a period ends can be carried over, later ones cannot.
    for (const { key, at } of expired.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
      lane.model.endHold(key, "expired", at);
    }
  }
}

async function expireAllDue(serverPool: ServerPool): Promise<Date> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- sequential, like the server's own loop
    const { output, until } = await serverPool.call("expire", { limit: 10 });
    if (output < 10) return until;
  }
}

/** Compares every number of every lane with the database. No operation may be running. */
export async function compareLanes(
  lanes: readonly LaneRun[],
  database: Database,
  since: Date,
): Promise<void> {
  const accounts = await readAccounts(database);
  const allowances = await readAllowances(database);
  const earnings = await readEarnings(database);
  const parts = await readHoldParts(database);
  const tables = {
    accounts: new Map(accounts.map((row) => [row.address, row])),
    allowances: new Map(allowances.map((row) => [row.id, row])),
    codes: new Map(
      (await readCodes(database)).map((row) => [
        codeKey({ campaign: row.campaign, codeHash: row.code_hash }),
        row,
      ]),
    ),
    holds: byKey(await readHolds(database, since)),
    lots: Map.groupBy(await readHoldLots(database), ({ key }) => key),
    parts: Map.groupBy(parts, ({ key }) => key),
    earnings: new Map(earnings.map((row) => [row.provider, row])),
    used: new Map(
      (await readTierUse(database)).map((row) => [
        `${row.account}|${row.month}|${row.rate_key}`,
        row.quantity,
      ]),
    ),
  };
  for (const { lane } of lanes) compareModel(lane.model, tables);
}

function byKey(rows: readonly HoldRow[]): Map<string, HoldRow> {
  return new Map(rows.map((row) => [row.key, row]));
}
