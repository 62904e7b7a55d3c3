/**
 * `npm run bench:api`: what a read costs that a session's cookie authorizes, compared with one by a
 * key. Both read the same balance over HTTP, from one server on PostgreSQL, eight at a time.
 */
import { createViewKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { createDatabase } from "../scripts/local/postgresServer.ts";
import { migrateLedger } from "../server/stores/migrateLedger.ts";
import { openLedger, party } from "../test/fixtures/ledger.ts";
import { serveLedger } from "../test/fixtures/ledgerServer.ts";
import { openSession } from "../test/fixtures/openSession.ts";
import { inParallel } from "./ledger/inParallel.ts";
import { findPostgres } from "./ledger/rig.ts";
import { pairedSpeed, printFigure } from "./ratio.ts";

const READS = 2_000;
const CALLERS = 8;
const ROUNDS = 7;
const HOUR_MS = 3_600_000;
const account = party(1);

const postgres = await findPostgres();
const database = await openPgDatabase(await createDatabase(postgres), 10, MAINTENANCE_LIMITS);
try {
  await migrateLedger(database);
  const server = await serveLedger(await openLedger(database));
  const expiresAt = new Date(Date.now() + HOUR_MS);

  const token = await openSession(server.callers.sessions, account, expiresAt);
  const key = createViewKey();
  await server.callers.viewKeys.add({ account, keyHash: apiKeySpender(key), expiresAt });

  const reads = (headers: Readonly<Record<string, string>>) => () => async () =>
    await inParallel(Array.from({ length: READS }), CALLERS, async () => {
      const answer = await fetch(`${server.url}/v1/accounts/${account}`, { headers });
      if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
      await answer.text();
    });
  const figure = await pairedSpeed(
    reads({ cookie: `ccs=${token}` }),
    reads({ authorization: `Bearer ${key}` }),
    { rounds: ROUNDS, operations: READS },
  );
  printFigure("session_read_vs_key_read", figure, 0.8);
  await server.stop();
} finally {
  await database.close();
  await postgres.stop();
}
