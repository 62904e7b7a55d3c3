import { expect } from "chai";
import type { Hex } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import {
  CONNECTION_LIMITS,
  REQUEST_LIMITS,
} from "@compute-credits/platform/postgres/sessionLimits";
import { eventually } from "../../scripts/local/eventually.ts";
import {
  type OwnPostgresServer,
  createDatabase,
  startPostgres,
} from "../../scripts/local/postgresServer.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { createAccountStore } from "../../server/stores/accounts/postgresAccountStore.ts";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { startFaultyRpc } from "../fixtures/faultyRpc.ts";
import { fundSpender } from "../fixtures/fundedSpender.ts";
import { send } from "../fixtures/http.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";
import { expectTruth } from "../fixtures/outageAnswers.ts";
import { type TcpProxy, startTcpProxy, through } from "../../scripts/local/tcpProxy.ts";

const { alice } = wallets;

/** for what a busy machine adds to a limit */
const SLACK_MS = 2_000;
/** A debit waits for a connection, and then for an answer. */
const ANSWER_MS = CONNECTION_LIMITS.waitMs + REQUEST_LIMITS.answerMs + SLACK_MS;
/** After a fault has ended, everything works again within this time. */
const RECOVERY_MS = 10_000;
const READY_WITHIN_MS = 2_000;

describe("a server beside something that is frozen", () => {
  let local: LocalContract;
  let postgres: OwnPostgresServer;
  let proxy: TcpProxy;
  let rpc: Awaited<ReturnType<typeof startFaultyRpc>>;
  let databaseUrl: string;
  let database: Database;
  let server: ChildServer;
  let url: string;
  let key: string;
  let spender: Hex;

  before(async () => {
    [local, postgres] = await Promise.all([startContract(), startPostgres({ fsync: "off" })]);
    databaseUrl = await createDatabase(postgres);
    proxy = await startTcpProxy(Number(new URL(databaseUrl).port));
    rpc = await startFaultyRpc(local.rpcUrl);
    server = startChildServer({
      RPC_URL: rpc.url,
      RPC_TIMEOUT_MILLISECONDS: "500",
      CHAIN_STALL_SECONDS: "5",
      CONTRACT_ADDRESS: local.contract,
      DATABASE_URL: through(proxy, databaseUrl),
    });
    url = await server.url();
    database = await openPgDatabase(databaseUrl, 1);
    ({ providerKey: key, spender } = await fundSpender(local, url, database));
    await eventually("readiness", async () => (await ready("/metering")).status === 200);
  });
  afterEach(function () {
    if (this.currentTest?.isFailed() === true) console.log(server.said());
  });
  after(async () => {
    postgres?.thaw();
    await server?.kill();
    await database?.close();
    await proxy?.stop();
    await rpc?.stop();
    await Promise.all([local?.stop(), postgres?.stop()]);
  });

  const balance = () => createAccountStore(database).balance(addressOf(alice));
  const report = (body: unknown) => send(`${url}/v1/usage`, { key, body });
  const ready = (scope: "/metering" | "/chain" | "") => send(`${url}/readyz${scope}`);

  /** Sends an event every 50 ms or so until one is debited. Returns how long that took. */
  async function untilDebited(): Promise<number> {
    const startedAt = performance.now();
    await eventually("a debit", async () => (await report(cloudEvent(spender))).status === 201);
    return performance.now() - startedAt;
  }

  it("a process frozen with the account's lock: debits go on within seconds", async () => {
    const hex = addressOf(alice).slice(2);
    const holder = startChildServer(
      {
        DATABASE_URL: databaseUrl,
        STATEMENTS: `update accounts set spent = spent where address = '\\x${hex}'`,
      },
      "test/fixtures/lockHolder.ts",
    );
    await holder.hasSaid("holds its locks");
    holder.process.kill("SIGSTOP");
    try {
      expect(await untilDebited()).to.be.lessThan(REQUEST_LIMITS.lockMs + SLACK_MS);
    } finally {
      await holder.kill();
    }
  });

  it("PostgreSQL frozen: answers 503 within its limits, is not ready, and recovers", async () => {
    const debited = (await balance()).spent;
    postgres.freeze();
    const startedAt = performance.now();
    const events = Array.from({ length: 20 }, () => cloudEvent(spender));
    const answering = Promise.all(events.map(report));
    const unready = await ready("/metering");
    expect(performance.now() - startedAt).to.be.lessThan(READY_WITHIN_MS);
    expect(unready.status).to.equal(503);
    expect((await send(`${url}/healthz`)).status).to.equal(200);
    const answers = await answering;
    expect(performance.now() - startedAt).to.be.lessThan(ANSWER_MS);
    expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([503]));

    postgres.thaw();
    expect(await untilDebited()).to.be.lessThan(RECOVERY_MS);
    await eventually("readiness", async () => (await ready("/metering")).status === 200);
    await expectTruth(events, answers, report);
    expect((await balance()).spent > debited).to.equal(true);
  });

  it("silent connections: are replaced, and debits go on within seconds", async () => {
    const busy = Array.from({ length: 20 }, () => cloudEvent(spender));
    await Promise.all(busy.map(report));
    proxy.silence();
    const events = Array.from({ length: 20 }, () => cloudEvent(spender));
    const answering = Promise.all(events.map(report));
    expect(await untilDebited()).to.be.lessThan(RECOVERY_MS);
    await expectTruth(events, await answering, report);
    await eventually("no silent connection", async () => proxy.silentCount() === 0);
  });

  it("a chain without answers: metering is ready, and the chain is not", async () => {
    rpc.meddle(() => "hang");
    try {
      await eventually("the indexer's failure", async () => {
        const { status, document } = await ready("/chain");
        return status === 503 && /"indexer","error":"/.test(JSON.stringify(document["checks"]));
      });
      expect((await ready("/metering")).status).to.equal(200);
      expect((await ready("")).status).to.equal(503);
      expect((await report(cloudEvent(spender))).status).to.equal(201);
    } finally {
      rpc.behave();
    }
  });

  it("a chain whose head stands still: metering is ready, and the chain is not", async () => {
    const stalled = await eventually("the stall", async () => {
      const answer = await ready("/chain");
      const text = JSON.stringify(answer.document["checks"]);
      return text.includes("is the newest since") && answer;
    });
    expect(stalled.status).to.equal(503);
    expect((await ready("/metering")).status).to.equal(200);
    await local.passTime(1);
    await eventually("readiness", async () => (await ready("/chain")).status === 200);
  });
});
