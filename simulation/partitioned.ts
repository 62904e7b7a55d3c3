import type { Database } from "@compute-credits/platform/postgres/database";
import {
  readAccounts,
  readAllowances,
  readEarnings,
  readHoldParts,
  readHolds,
  readTierUse,
  type HoldRow,
} from "./ledgerSnapshot.ts";
import { compareModel } from "./compareModel.ts";
import type { ServerPool } from "./serverPool.ts";
import { Disagreement } from "./disagreement.ts";
import type { Generator } from "./generator.ts";
import type { Journal } from "./journal.ts";
import { weight } from "./operations.ts";
import type { PartitionedLane } from "./partitionedLane.ts";

export interface LaneAtWork {
  readonly generator: Generator;
  readonly lane: PartitionedLane;
}

/** All lanes side by side, each for its own accounts, each until it has done its part. */
export async function runRound(
  lanes: readonly LaneAtWork[],
  operationsPerLane: number,
  journal: Journal,
): Promise<void> {
  await Promise.all(
    lanes.map(async ({ generator, lane }) => {
      for (let done = 0; done < operationsPerLane;) {
        const operation = generator.next();
        // oxlint-disable-next-line no-await-in-loop -- a lane is one thing after the other
        await lane.perform(operation);
        done += weight(operation);
        journal.operations += weight(operation);
      }
    }),
  );
}

/** Frees the holds that are over, by several servers at once, and sees that it happened to those and to no other. */
export async function sweep(
  lanes: readonly LaneAtWork[],
  { serverPool, database }: { serverPool: ServerPool; database: Database },
): Promise<void> {
  const begun = new Date();
  const all = await Promise.all([0, 1, 2].map(() => untilNoneIsDue(serverPool)));
  const ended = new Date(Math.max(...all.map((until) => until.getTime())));

  const rows = byKey(await readHolds(database, begun));
  for (const { lane } of lanes) {
    const expired: { key: string; at: Date }[] = [];
    for (const [key, hold] of lane.model.holds) {
      if (hold.resolution !== null) continue;
      const row = rows.get(key);
      const isDue = hold.expiresAt <= begun;
      const at = row?.resolved_at ?? null;
      if (at === null) {
        if (isDue) throw new Disagreement("a hold that is over still holds", { key, hold, begun });
        continue;
      }
      if (row?.resolved_as !== "expired" || at < hold.expiresAt || at < begun || at > ended) {
        throw new Disagreement("a hold ended early, or by itself", {
          key,
          hold,
          row,
          begun,
          ended,
        });
      }
      expired.push({ key, at });
    }
    // In their order: what returns to a budget before a period ends is carried over, what returns later is not.
    for (const { key, at } of expired.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
      lane.model.endHold(key, "expired", at);
    }
  }
}

async function untilNoneIsDue(serverPool: ServerPool): Promise<Date> {
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one step after the other, as the server's own loop
    const { output, until } = await serverPool.perform("expire", { limit: 10 });
    if (output < 10) return until;
  }
}

/** Every number of every lane. Nothing may be under way. */
export async function compare(
  lanes: readonly LaneAtWork[],
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
    holds: byKey(await readHolds(database, since)),
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
