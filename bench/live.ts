/**
 * `npm run bench:live`: debits per second while 1,000 listeners watch the balances of the 1,000
 * accounts that are debited, compared with the same debits without a listener. Both in one run, on
 * one server and PostgreSQL, with the listeners in another process.
 */
import { fork } from "node:child_process";
import { once } from "node:events";

import { type Address, numberToHex } from "viem";

import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { createDatabase } from "../scripts/local/postgresServer.ts";
import { migrateLedger } from "../server/stores/migrateLedger.ts";
import { createLiveHub } from "../server/http/live/liveHub.ts";
import { createLiveFeed } from "../server/stores/live/postgresLiveFeed.ts";
import { withGroupCommit } from "../server/stores/usage/groupCommit.ts";
import { serveLedger } from "../test/fixtures/ledgerServer.ts";
import { openSession } from "../test/fixtures/openSession.ts";
import { inParallel } from "./ledger/inParallel.ts";
import { eventOf, openFilledLedger } from "./ledger/parties.ts";
import { findPostgres } from "./ledger/rig.ts";
import type { FromListeners, ToListeners } from "./live/listeners.ts";
import { pairedSpeed, printFigure } from "./ratio.ts";

const ACCOUNTS = 1_000;
const DEBITS = 10_000;
const CALLERS = 64;
const ROUNDS = 5;
const SIGN_INS = 16;

const postgres = await findPostgres(256);
const location = await createDatabase(postgres);
const database = await openPgDatabase(location, 20, MAINTENANCE_LIMITS);
const reads = await openPgDatabase(location, 5, MAINTENANCE_LIMITS);
const listeners = fork(new URL("./live/listeners.ts", import.meta.url));
try {
  await migrateLedger(database);
  const ledger = await openFilledLedger(database, ACCOUNTS);
  const usage = withGroupCommit(ledger.usage);
  // As the server's own: a quarter of a second between reads.
  const live = createLiveHub(createLiveFeed(database, reads));
  const server = await serveLedger({ ...ledger, usage }, {}, { live });
  const owners: { account: Address; token: string }[] = [];
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) =>
    numberToHex(index + 1, { size: 20 }),
  );
  await inParallel(accounts, SIGN_INS, async (account) => {
    owners.push({ account, token: await openSession(server.callers.sessions, account) });
  });

  const debits = () => {
    const now = new Date();
    const events = Array.from({ length: DEBITS }, (_, index) =>
      eventOf(1 + ((index * 7) % ACCOUNTS), now),
    );
    return async () =>
      await inParallel(events, CALLERS, async (event) => {
        const [outcome] = await usage.record([event]);
        if (outcome?.result !== "debited") throw new Error("an event was not debited");
      });
  };

  let told = 0;
  const figure = await pairedSpeed(
    async () => {
      await ask({ listen: { url: server.url, owners } });
      return debits();
    },
    async () => {
      told = (await ask("close")).balances;
      return debits();
    },
    { rounds: ROUNDS, operations: DEBITS },
  );
  console.log(`balances told in the last run, coalesced: ${told} of ${DEBITS} debits`);
  printFigure("sse_fanout", figure, 0.7);
  await server.stop();
} finally {
  listeners.kill();
  await reads.close();
  await database.close();
  await postgres.stop();
}

async function ask(message: ToListeners): Promise<FromListeners> {
  const answered: Promise<FromListeners[]> = once(listeners, "message");
  listeners.send(message);
  const [answer] = await answered;
  if (answer === undefined) throw new Error("the listeners did not answer");
  return answer;
}
