import { expect } from "chai";

import { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import {
  CONNECTION_LIMITS,
  REQUEST_LIMITS,
  WORKER_LIMITS,
} from "@compute-credits/platform/postgres/sessionLimits";
import { eventually } from "../../../scripts/local/eventually.ts";
import { type ChildServer, startChildServer } from "../../fixtures/childServer.ts";
import { newPostgresDatabase } from "../../fixtures/postgresServer.ts";
import { type TcpProxy, startTcpProxy, through } from "../../../scripts/local/tcpProxy.ts";

const CONNECTIONS = 9;
/** for what a busy machine adds to a limit */
const SLACK_MS = 2_000;
/** After a fault has ended, everything works again within this time. */
const RECOVERY_MS = 10_000;

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => "it succeeded",
    (error: unknown) => error,
  );
}

describe("a database that does not answer", () => {
  let databaseUrl: string;
  let proxy: TcpProxy;
  let database: Database;

  beforeEach(async () => {
    databaseUrl = await newPostgresDatabase();
    proxy = await startTcpProxy(Number(new URL(databaseUrl).port));
    database = await openPgDatabase(through(proxy, databaseUrl), CONNECTIONS);
  });
  afterEach(async () => {
    await database.close();
    await proxy.stop();
  });

  const one = () => database.query("select 1 as one");

  /** Opens every connection of the pool. */
  async function useAll(): Promise<void> {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, () => database.query("select pg_sleep(0.2)")),
    );
  }

  it("when every connection goes silent: replaces all after one is given up", async () => {
    await useAll();
    proxy.silence();
    const silencedAt = performance.now();
    expect(proxy.silentCount()).to.equal(CONNECTIONS);

    const failure = await failureOf(one());
    expect(failure).to.be.instanceOf(DatabaseUnavailable).and.to.include({ outcome: "nothing" });
    expect(performance.now() - silencedAt).to.be.lessThan(REQUEST_LIMITS.answerMs + SLACK_MS);

    expect(await one()).to.deep.equal([{ one: 1 }]);
    expect(performance.now() - silencedAt).to.be.lessThan(RECOVERY_MS);
    await useAll();
    await eventually("no silent connection", async () => proxy.silentCount() === 0);
  });

  it("when new connections are silent, too: fails within its limit, and works again after", async () => {
    proxy.silenceAll();
    const startedAt = performance.now();
    const failures = await Promise.all(
      Array.from({ length: 2 * CONNECTIONS }, () => failureOf(one())),
    );
    for (const failure of failures) {
      expect(failure).to.be.instanceOf(DatabaseUnavailable).and.to.include({ outcome: "nothing" });
    }
    const { waitMs } = CONNECTION_LIMITS;
    const longest = waitMs + REQUEST_LIMITS.answerMs + SLACK_MS;
    expect(performance.now() - startedAt).to.be.lessThan(longest);

    proxy.answer();
    expect(await one()).to.deep.equal([{ one: 1 }]);
  });

  it("when a commit gets no answer: its outcome is unknown, and its connection is replaced", async () => {
    await database.script("create table events (id bigint)");
    const failure = await failureOf(
      database.transaction(async (tx) => {
        await tx.query("insert into events values (1)");
        proxy.silence();
      }),
    );
    expect(failure).to.be.instanceOf(DatabaseUnavailable).and.to.include({ outcome: "unknown" });
    expect(await one()).to.deep.equal([{ one: 1 }]);
  });

  it("when a statement gets no answer before the commit: nothing was applied", async () => {
    await database.script("create table events (id bigint)");
    const failure = await failureOf(
      database.transaction(async (tx) => {
        await tx.query("insert into events values (1)");
        proxy.silence();
        await tx.query("insert into events values (2)");
      }),
    );
    expect(failure).to.be.instanceOf(DatabaseUnavailable).and.to.include({ outcome: "nothing" });
    expect(await database.query("select id from events")).to.deep.equal([]);
  });

  it("when a worker's connection goes silent, too: its work fails soon, not after minutes", async () => {
    await useAll();
    let silencedAt = 0;
    const work = database.transaction(
      async (tx) => {
        await tx.query("select 1");
        proxy.silence();
        silencedAt = performance.now();
        await tx.query("select 'a long statement'");
      },
      { limits: WORKER_LIMITS },
    );
    await eventually("the silence", async () => silencedAt > 0);
    expect(await failureOf(one())).to.be.instanceOf(DatabaseUnavailable);
    expect(await failureOf(work)).to.be.instanceOf(DatabaseUnavailable);
    expect(performance.now() - silencedAt).to.be.lessThan(2 * REQUEST_LIMITS.answerMs + SLACK_MS);
  });

  it("when all connections are busy: a request for one more fails within its limit", async () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const busy = Array.from({ length: CONNECTIONS }, () =>
      database
        .transaction(async (tx) => {
          await tx.query("select 1");
          await held;
        })
        .catch(() => undefined),
    );
    const startedAt = performance.now();
    const failure = await failureOf(one());
    letGo();
    await Promise.all(busy);
    expect(failure).to.be.instanceOf(DatabaseUnavailable).and.to.include({ outcome: "nothing" });
    expect(performance.now() - startedAt).to.be.lessThan(CONNECTION_LIMITS.waitMs + SLACK_MS);
  });
});

describe("a process that is frozen in a transaction", () => {
  let database: Database;
  let frozen: ChildServer;

  before(async () => {
    const url = await newPostgresDatabase();
    database = await openPgDatabase(url, 2);
    await database.script("create table accounts (id bigint primary key, spent bigint not null)");
    await database.script("insert into accounts values (1, 0)");
    const environment = {
      DATABASE_URL: url,
      STATEMENTS: "update accounts set spent = 1 where id = 1",
    };
    frozen = startChildServer(environment, "test/fixtures/lockHolder.ts");
    await frozen.hasSaid("holds its locks");
  });
  after(async () => {
    await frozen?.kill();
    await database?.close();
  });

  it("keeps its locks for seconds only: others wait, and succeed", async () => {
    frozen.process.kill("SIGSTOP");
    const startedAt = performance.now();
    await database.query("update accounts set spent = spent + 2 where id = 1");
    expect(performance.now() - startedAt).to.be.lessThan(REQUEST_LIMITS.lockMs + SLACK_MS);
    expect(await database.query("select spent from accounts")).to.deep.equal([{ spent: 2n }]);
  });
});
