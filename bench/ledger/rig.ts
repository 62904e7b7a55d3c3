import { migrateLedger } from "../../server/stores/migrateLedger.ts";
import type { HoldStore } from "../../server/stores/holds/holdStore.ts";
import { createHoldStore } from "../../server/stores/holds/postgresHoldStore.ts";
import { withGroupCommit } from "../../server/stores/usage/groupCommit.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { UsageLedger } from "../../server/stores/usage/usageLedger.ts";
import {
  type PostgresServer,
  createDatabase,
  findOrStartServer,
} from "../../scripts/local/postgresServer.ts";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Ledger } from "../../test/fixtures/ledger.ts";
import { inParallel } from "./inParallel.ts";
import { RULES, everyAccountOnce, openFilledLedger } from "./parties.ts";

/** Concurrent callers, each with its own connection. */
export const CALLERS = 4;

export const BATCH = 1_000;

/** A database with a filled ledger, on which figures are measured. */
export interface Rig {
  readonly database: Database;
  readonly ledger: Ledger;
  /** with group commit, as the server's routes use it */
  readonly usage: UsageLedger;
  /** as the server's routes use it, with more open holds than callers */
  readonly holds: HoldStore;
}

/**
 * Finds or starts a PostgreSQL. Every commit is flushed to disk; shared buffers hold all data of a
 * benchmark.
 */
export async function findPostgres(megabytes = 1_024): Promise<PostgresServer> {
  return await findOrStartServer({ shared_buffers: `${megabytes}MB`, max_wal_size: "8GB" });
}

/**
 * Opens a rig on a new database and warms it up: every account is debited once, and some hold, so
 * that no plan is made for empty tables.
 */
export async function openRig(server: PostgresServer): Promise<Rig> {
  const database = await openPgDatabase(await createDatabase(server), 20, MAINTENANCE_LIMITS);
  await migrateLedger(database);
  const rig = await createRig(database);
  await inParallel(everyAccountOnce(BATCH), CALLERS, (batch) => rig.usage.record(batch));
  await inParallel(everyAccountOnce(BATCH)[0] ?? [], BATCH, (event) => holdOnce(rig.holds, event));
  await database.script("vacuum analyze");
  return rig;
}

/** Opens a hold for an event and captures it in full. */
export async function holdOnce(holds: HoldStore, event: UsageEvent): Promise<void> {
  const { provider, id, quantity } = event;
  const { occurredAt: _, ...work } = event;
  const held = await holds.authorize({ ...work, ttlSeconds: 3_600 });
  if (held.result !== "held") throw new Error(`not held: ${held.refusal.reason}`);
  const captured = await holds.capture({ provider, id, eventId: id, quantity, final: true });
  if (captured.result !== "captured") throw new Error(`not captured: ${captured.refusal.reason}`);
}

export async function createRig(database: Database): Promise<Rig> {
  const ledger = await openFilledLedger(database);
  const { priceReader, caches } = ledger;
  const holds = createHoldStore(database, { ...RULES, maxOpenHolds: 10_000 }, priceReader, caches);
  return { database, ledger, usage: withGroupCommit(ledger.usage), holds };
}
