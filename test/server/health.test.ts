import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { type HealthScope, WorkerHealth } from "@compute-credits/platform/process/health";
import { serverHealth } from "../../server/health.ts";
import { createMeteringGate } from "../../server/meteringGate.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { newPostgresDatabase } from "../fixtures/postgresServer.ts";

describe("serverHealth", () => {
  let url: string;
  let database: Database;

  beforeEach(async () => {
    url = await newPostgresDatabase();
    database = await openPgDatabase(url, 2);
  });
  afterEach(() => database.close());

  function healthOf({ headError = null as string | null, gate = createMeteringGate() } = {}) {
    const head = { error: () => headError };
    return serverHealth({ database, gate, workers: new WorkerHealth(), head });
  }

  const errorsOf = async (health: ReturnType<typeof healthOf>, scope: HealthScope) =>
    (await health.checks(scope)).filter(({ error }) => error !== null);

  it("when the chain's head stands still: fails chain, and leaves metering ready", async () => {
    const health = healthOf({ headError: "block 7 is the newest since 901 s" });
    const stalled = { name: "chain", error: "block 7 is the newest since 901 s" };
    expect(await errorsOf(health, "chain")).to.deep.equal([stalled]);
    expect(await errorsOf(health, "metering")).to.deep.equal([]);
    expect(await errorsOf(health, "all")).to.deep.equal([stalled]);
  });

  it("when metering is stopped: fails metering, and leaves chain ready", async () => {
    const gate = createMeteringGate();
    gate.stop("ledger_behind", "the ledger is behind");
    const health = healthOf({ gate });
    const stopped = { name: "metering", error: "the ledger is behind" };
    expect(await errorsOf(health, "metering")).to.deep.equal([stopped]);
    expect(await errorsOf(health, "chain")).to.deep.equal([]);
  });

  it("when the database only reads: is not ready", async () => {
    const { pathname } = new URL(url);
    await database.script(
      `alter database ${pathname.slice(1)} set default_transaction_read_only = on`,
    );
    await database.close();
    database = await openPgDatabase(url, 2);
    expect(await errorsOf(healthOf(), "metering")).to.deep.equal([
      { name: "database", error: "only reads" },
    ]);
  });

  it("when all connections are busy: is not ready, and says so within two seconds", async () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const busy = [1, 2].map(() => database.transaction(() => held));
    const askedAt = performance.now();
    expect(await errorsOf(healthOf(), "metering")).to.deep.equal([
      { name: "database", error: "does not answer within 1.5 s" },
    ]);
    expect(performance.now() - askedAt).to.be.lessThan(2_000);
    letGo();
    await Promise.all(busy);
  });

  it("when a write failed for want of space: is not ready until a write works again", async () => {
    await database.script(
      `create table debits (id bigint);
       create function fail() returns trigger language plpgsql as
         $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$;
       create trigger fail before insert on debits execute function fail();
       create function fail_for_all() returns event_trigger language plpgsql as
         $$ begin raise exception 'no space left on device' using errcode = '53100'; end $$;
       create event trigger full_disk on ddl_command_start when tag in ('CREATE TABLE')
         execute function fail_for_all()`,
    );
    const health = healthOf();
    expect(await errorsOf(health, "metering")).to.deep.equal([]);
    const failed: unknown = await database
      .transaction((tx) => tx.query("insert into debits values (1)"))
      .catch((reason: unknown) => reason);
    expect(failed).to.be.instanceOf(DatabaseUnavailable).and.to.include({ code: "53100" });

    const error = "failed a write: no space left on device";
    const full = [{ name: "database", error }];
    await eventually("the failure", async () => (await errorsOf(health, "metering")).length === 1);
    expect(await errorsOf(health, "metering")).to.deep.equal(full);
    expect(await errorsOf(healthOf(), "metering")).to.deep.equal(full);

    await database.script("drop event trigger full_disk");
    await eventually("readiness", async () => (await errorsOf(health, "metering")).length === 0);
    expect(await database.query("select to_regclass('write_attempt') as left_over")).to.deep.equal([
      { left_over: null },
    ]);
  });
});
