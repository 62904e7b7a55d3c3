import { migrateLedger } from "../../server/stores/migrateLedger.ts";
import { withGroupCommit } from "../../server/stores/usage/groupCommit.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { UsageLedger } from "../../server/stores/usage/usageLedger.ts";
import {
  type PostgresServer,
  createDatabase,
  findOrStartServer,
} from "../../scripts/local/postgresServer.ts";
import type { Ledger } from "../../test/fixtures/ledger.ts";
import { inParallel } from "./inParallel.ts";
import { everyAccountOnce, openFilledLedger } from "./parties.ts";

/** Callers, each on a connection of its own. */
export const CALLERS = 4;

export const BATCH = 1_000;

/** Where figures are taken. */
export interface Rig {
  readonly database: Database;
  readonly ledger: Ledger;
  /** the ledger as the server's routes have it */
  readonly usage: UsageLedger;
}

/** Durability as it comes: every commit is flushed. Memory for what is measured here to fit, as it should. */
export async function findPostgres(megabytes = 1_024): Promise<PostgresServer> {
  return await findOrStartServer({ shared_buffers: `${megabytes}MB`, max_wal_size: "8GB" });
}

/** A parties on a new database, at its working temperature: every account has been debited once. */
export async function openRig(server: PostgresServer): Promise<Rig> {
  const database = await openPgDatabase(await createDatabase(server), 20);
  await migrateLedger(database);
  const rig = await standOn(database);
  await inParallel(everyAccountOnce(BATCH), CALLERS, (batch) => rig.usage.record(batch));
  await database.script("vacuum analyze");
  return rig;
}

export async function standOn(database: Database): Promise<Rig> {
  const ledger = await openFilledLedger(database);
  return { database, ledger, usage: withGroupCommit(ledger.usage) };
}
