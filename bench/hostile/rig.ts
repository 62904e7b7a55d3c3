import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Hex, numberToHex } from "viem";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { bytea } from "@compute-credits/platform/postgres/values";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { createDatabase } from "../../scripts/local/postgresServer.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { startLocalChain } from "../../scripts/local/localChain.ts";
import { deployLocal } from "../../scripts/local/deployLocal.ts";
import { migrateLedger } from "../../server/stores/migrateLedger.ts";
import { startChildServer } from "../../test/fixtures/childServer.ts";
import { contractAt } from "../../test/fixtures/localContract.ts";
import { fillLog } from "../ledger/fillLog.ts";
import { ACCOUNTS, PROVIDER, fillParties } from "../ledger/parties.ts";
import { findPostgres } from "../ledger/rig.ts";
import { type Request, post, usageOf } from "./requests.ts";

/** Honest events are of this many spenders, which attacks know. */
const HONEST_SPENDERS = 100;

/** Rows of the year that is in the log. */
const YEAR_ROWS = 300_000;

/** A provider with a registered key that no operator approved and no spender chose. */
export const ATTACKER = numberToHex(0xbad, { size: 20 });

/** The n-th honest spender, from 1. */
export const spenderOf = (n: number): Hex => numberToHex(1 + (n % HONEST_SPENDERS), { size: 32 });

/** A server in its own process, on PostgreSQL and a local chain, with a year in its log. */
export async function openHostileRig() {
  await using stack = new AsyncDisposableStack();
  const postgres = await findPostgres();
  stack.defer(() => postgres.stop());
  const databaseUrl = await createDatabase(postgres);
  const database = await openPgDatabase(databaseUrl, 4);
  stack.defer(() => database.close());
  await migrateLedger(database);
  await fillParties(database, ACCOUNTS);
  await fillLog(database, YEAR_ROWS);
  const [honestKey, attackerKey] = [createApiKey(), createApiKey()];
  await addKey(database, PROVIDER, honestKey);
  await addKey(database, ATTACKER, attackerKey);
  await database.query(
    "insert into provider_approvals (provider, approved, issued_at) values ($1, true, 0)",
    [bytea(PROVIDER)],
  );
  // The owner of the allowance that strangers repeat.
  await database.query("insert into accounts (address, purchased) values ($1, 1000000)", [
    bytea(wallets.alice.account.address),
  ]);

  const folder = await mkdtemp(join(tmpdir(), "compute-credits-hostile-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const rateCardFile = join(folder, "rate-card.json");
  await writeFile(rateCardFile, JSON.stringify(RATE_CARD));

  const chain = await startLocalChain(0);
  stack.defer(() => chain.stop());
  const { contract, token } = await deployLocal(chain.rpcUrl);
  const server = startChildServer({
    RPC_URL: chain.rpcUrl,
    CONTRACT_ADDRESS: contract,
    DATABASE_URL: databaseUrl,
    RATE_CARD_FILE: rateCardFile,
    LOG_LEVEL: "info",
  });
  stack.defer(() => server.kill());
  const url = await server.url();
  const open = stack.move();
  return {
    url,
    database,
    server,
    chain: contractAt(chain.rpcUrl, contract, token),
    honestKey,
    attackerKey,
    /** events of honest spenders, each of which is debited */
    honest: Array.from({ length: HONEST_SPENDERS }, (_, n): Request =>
      post("/v1/usage", usageOf(PROVIDER, spenderOf(n)), honestKey),
    ),
    close: () => open.disposeAsync(),
  };
}

export type HostileRig = Awaited<ReturnType<typeof openHostileRig>>;

const RATE_CARD = {
  effectiveFrom: "2026-01-01T00:00:00Z",
  rates: [{ meter: "units", dimensions: {}, microCredits: "1", perUnits: "1" }],
};

async function addKey(database: Database, provider: Hex, key: string): Promise<void> {
  await database.query("insert into provider_keys (key_hash, provider) values ($1, $2)", [
    bytea(apiKeySpender(key)),
    bytea(provider),
  ]);
}
