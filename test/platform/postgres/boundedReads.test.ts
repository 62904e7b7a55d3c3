import { expect } from "chai";

import { boundReads, takeTurns } from "@compute-credits/platform/postgres/boundedReads";
import { openReads } from "@compute-credits/platform/postgres/openDatabase";
import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { newPostgresDatabase } from "../../fixtures/postgresServer.ts";

const BOUNDS = { running: 2, waiting: 1, maxWaitMs: 60_000, restMs: () => 0 };

/** A database whose reads end when the test says so. */
function heldDatabase() {
  const held = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let count = 0;
  const wait = async () => {
    const n = count++;
    begun[n]?.resolve();
    await held[n]?.promise;
  };
  const database: Database = {
    description: "held",
    async query() {
      await wait();
      return [];
    },
    async transaction(work) {
      await wait();
      return await work({
        query: () => Promise.resolve([]),
        script: () => Promise.resolve(),
        withCommit: () => undefined,
      });
    },
    check: () => Promise.resolve(null),
    onLost: () => undefined,
    script: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { database, held, begun, count: () => count };
}

const nameOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "read",
    (error: unknown) => (error instanceof Error ? error.name : "?"),
  );

describe("bounded reads", () => {
  it("refuse at once what neither runs nor may wait, and go on when one ends", async () => {
    const { database, held, count } = heldDatabase();
    const reads = boundReads(database, BOUNDS);
    const first = reads.query("select 1");
    const second = reads.transaction(async () => "second");
    const third = nameOf(reads.query("select 3"));
    expect(await nameOf(reads.query("select 4"))).to.equal("TooManyReads");
    expect(count()).to.equal(2);
    held[0]?.resolve();
    await first;
    held[1]?.resolve();
    expect(await second).to.equal("second");
    expect(await third).to.equal("read");
  });

  it("give a turn on after a read that failed", async () => {
    const { database, held, begun } = heldDatabase();
    const reads = boundReads(database, { ...BOUNDS, running: 1 });
    const first = nameOf(reads.query("select 1"));
    const second = nameOf(reads.query("select 2"));
    held[0]?.reject(new TypeError("broken"));
    expect(await first).to.equal("TypeError");
    await begun[1]?.promise;
    held[1]?.resolve();
    expect(await second).to.equal("read");
  });

  it("refuse a read that waited for too long, which then takes no turn", async () => {
    const { database, held } = heldDatabase();
    const reads = boundReads(database, { ...BOUNDS, running: 1, maxWaitMs: 1 });
    const first = reads.query("select 1");
    expect(await nameOf(reads.query("select 2"))).to.equal("TooManyReads");
    held[0]?.resolve();
    held[1]?.resolve();
    await first;
    expect(await nameOf(reads.query("select 3"))).to.equal("read");
  });

  it("leave the database to others after a read", async () => {
    const { database, held, count } = heldDatabase();
    const reads = boundReads(database, { ...BOUNDS, running: 1, restMs: () => 1 });
    const first = reads.query("select 1");
    const second = nameOf(reads.query("select 2"));
    held[0]?.resolve();
    held[1]?.resolve();
    await first;
    expect(count()).to.equal(1);
    expect(await second).to.equal("read");
  });
});

describe("takeTurns", () => {
  it("does one piece of work at a time, and rests as told after each", async () => {
    const took: number[] = [];
    const inTurn = takeTurns({
      ...BOUNDS,
      running: 1,
      restMs: (ms) => {
        took.push(ms);
        return 1;
      },
    });
    const order: string[] = [];
    const first = inTurn(async () => {
      order.push("first begins");
      await Promise.resolve();
      order.push("first ends");
    });
    const second = inTurn(() => Promise.resolve(order.push("second")));
    await first;
    // The turn is given on after the rest.
    expect(order).to.deep.equal(["first begins", "first ends"]);
    await second;
    expect(order).to.have.length(3);
    expect(took).to.have.length(2);
  });
});

describe("reads of PostgreSQL", () => {
  let url: string;
  let database: Database;

  before(async () => {
    url = await newPostgresDatabase();
    database = await openPgDatabase(url, 2);
    await database.script("create table numbers (n bigint)");
  });
  after(() => database.close());

  it("end after their time, write nothing, and leave other connections alone", async () => {
    const reads = await openReads({ url, connections: 2 }, database, {
      connections: 1,
      timeoutMs: 100,
      waiting: 10,
      restMs: () => 0,
    });
    try {
      expect(await nameOf(reads.bounded.query("select pg_sleep(60)"))).to.equal("ReadTimedOut");
      expect(await reads.bounded.query("select 1 as one")).to.deep.equal([{ one: 1 }]);
      expect(await nameOf(reads.heavy.query("select pg_sleep(60)"))).to.equal("ReadTimedOut");
      const write = "insert into numbers values (1)";
      expect(await nameOf(reads.bounded.query(write))).to.not.equal("read");
      await database.query(write);
      expect(await reads.patient.query("select n from numbers")).to.deep.equal([{ n: 1n }]);
    } finally {
      await reads.close();
    }
  });
});
