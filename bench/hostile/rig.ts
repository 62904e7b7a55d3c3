import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Hex, numberToHex } from "viem";

import { createProviderKey } from "@compute-credits/client/wallet/apiKey";
import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { bytea } from "@compute-credits/platform/postgres/values";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { createDatabase } from "../../scripts/local/postgresServer.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { startLocalChain } from "../../scripts/local/localChain.ts";
import { deployLocal } from "../../scripts/local/deployLocal.ts";
import { createCheckpointStore } from "../../server/stores/checkpoints/postgresCheckpointStore.ts";
import { createRollUpStore } from "../../server/stores/rollups/postgresRollUpStore.ts";
import { migrateLedger } from "../../server/stores/migrateLedger.ts";
import { startChildServer } from "../../test/fixtures/childServer.ts";
import { contractAt } from "../../test/fixtures/localContract.ts";
import { cutOne, makeFinal, spendOnAllAccounts } from "../checkpoint/cuts.ts";
import { fillLog } from "../ledger/fillLog.ts";
import { PROVIDER, fillParties } from "../ledger/parties.ts";
import { findPostgres } from "../ledger/rig.ts";
import { type Request, post, usageOf } from "./requests.ts";

/** Honest events are of this many spenders, which attacks know. */
const HONEST_SPENDERS = 100;

const ACCOUNTS = 20_000;

/** Rows of the year that is in the log. */
const YEAR_ROWS = 100_000;

/** A provider whose approval has ended; its key is still known. No spender chose it. */
export const ATTACKER = numberToHex(0xbad, { size: 20 });

/** An approved provider that no spender chose. */
export const INSIDER = numberToHex(0x1bad, { size: 20 });

/** The n-th honest spender, from 1. */
export const spenderOf = (n: number): Hex => numberToHex(1 + (n % HONEST_SPENDERS), { size: 32 });

/** A server in its own process, on PostgreSQL and a local chain, with a year in its log. */
export async function openHostileRig() {
  await using stack = new AsyncDisposableStack();
  const postgres = await findPostgres();
  stack.defer(() => postgres.stop());
  const databaseUrl = await createDatabase(postgres);
  const database = await openPgDatabase(databaseUrl, 4, MAINTENANCE_LIMITS);
  stack.defer(() => database.close());
  await migrateLedger(database);
  await fillParties(database, ACCOUNTS);
  await fillLog(database, YEAR_ROWS, ACCOUNTS);
  await cutCheckpoint(database);
  await addUpDays(database);
  const honestKey = await addProvider(database, PROVIDER, true);
  const insiderKey = await addProvider(database, INSIDER, true);
  const attackerKey = await addProvider(database, ATTACKER, false);

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
    // With an operator, as in production, no provider is approved without its signature.
    OPERATORS: wallets.operator.account.address,
    QUOTE_PRIVATE_KEY: wallets.signer.privateKey,
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
    insiderKey,
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

/** Returns the provider's key. */
async function addProvider(
  database: Database,
  provider: Hex,
  isApproved: boolean,
): Promise<string> {
  const key = createProviderKey();
  await database.query("insert into provider_keys (key_hash, provider) values ($1, $2)", [
    bytea(apiKeySpender(key)),
    bytea(provider),
  ]);
  await database.query(
    "insert into provider_approvals (provider, approved, issued_at) values ($1, $2, 0)",
    [bytea(provider), isApproved],
  );
  return key;
}

/** Cuts a checkpoint of all accounts, so that there is a file of it. */
async function cutCheckpoint(database: Database): Promise<void> {
  await spendOnAllAccounts(database);
  await makeFinal(database, await cutOne(createCheckpointStore(database)));
}

/** Adds the year up, so that the server does not do that while its debits are measured. */
async function addUpDays(database: Database): Promise<void> {
  const rollUps = createRollUpStore(database);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one slice after the other
    if ((await rollUps.addNext(YEAR_ROWS)) === "done") return;
  }
}
