import { expect } from "chai";
import { Client } from "pg";

import { eventually } from "../../../scripts/local/eventually.ts";
import { ADVISORY_LOCK } from "@compute-credits/platform/postgres/advisoryLocks";
import {
  LEADER_SESSION,
  createPgLeadership,
} from "@compute-credits/platform/postgres/pgLeadership";
import type { Leadership } from "@compute-credits/platform/postgres/leadership";
import { newPostgresDatabase } from "../../fixtures/postgresServer.ts";

describe("createPgLeadership", () => {
  let url: string;
  let servers: readonly Leadership[];

  beforeEach(async () => {
    url = await newPostgresDatabase();
    servers = Array.from({ length: 5 }, () => createPgLeadership(url));
  });
  afterEach(() => Promise.all(servers.map((server) => server.resign())));

  const leaders = async () => {
    const answers = await Promise.all(
      servers.map((server) => server.isLeader().catch(() => false)),
    );
    return answers.flatMap((leads, index) => (leads ? [index] : []));
  };

  /** Ends the connection that holds the lock, from outside. */
  async function cutOffLeader(): Promise<void> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(
      `select pg_terminate_backend(pid) from pg_locks
       where locktype = 'advisory' and granted and objid = $1 and pid <> pg_backend_pid()
         and database = (select oid from pg_database where datname = current_database())`,
      [ADVISORY_LOCK.settler],
    );
    await client.end();
  }

  it("when many servers ask, at once and repeatedly: exactly one leads", async () => {
    const first = await leaders();
    expect(first).to.have.length(1);
    expect(await leaders()).to.deep.equal(first);
  });

  it("when the leader's connection breaks: another server leads within seconds", async () => {
    const [first] = await leaders();
    await cutOffLeader();
    const asked = performance.now();
    const next = await eventually("a new leader", async () => {
      const [leader] = await leaders();
      return leader === undefined ? null : { leader };
    });
    expect(performance.now() - asked).to.be.lessThan(5_000);
    // Exactly one leads, and the first knows that it lost the lead.
    expect(await leaders()).to.deep.equal([next.leader]);
    expect(first).to.be.a("number");
  });

  it("when the leader resigns: another server leads", async () => {
    const [first = 0] = await leaders();
    await servers[first]?.resign();
    const others = servers.filter((_, index) => index !== first);
    const answers = await Promise.all(others.map((server) => server.isLeader()));
    expect(answers.filter(Boolean)).to.have.length(1);
  });

  it("when the leader hangs: PostgreSQL ends its idle session, and another server leads", async () => {
    const hanging = new Client({ connectionString: url, options: LEADER_SESSION });
    hanging.on("error", () => undefined);
    await hanging.connect();
    await hanging.query("select pg_advisory_lock($1)", [ADVISORY_LOCK.settler]);
    expect(await leaders()).to.deep.equal([]);
    await eventually("a new leader", async () => (await leaders()).length === 1);
  });
});
