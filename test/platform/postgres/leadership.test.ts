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

  /** Ends, from outside, the connection that holds the lock. */
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

  it("lets one server lead, however many ask at once and again", async () => {
    const first = await leaders();
    expect(first).to.have.length(1);
    expect(await leaders()).to.deep.equal(first);
  });

  it("gives the lead to another within seconds where the leader's connection breaks", async () => {
    const [first] = await leaders();
    await cutOffLeader();
    const asked = performance.now();
    const next = await eventually("a new leader", async () => {
      const [leader] = await leaders();
      return leader === undefined ? null : { leader };
    });
    expect(performance.now() - asked).to.be.lessThan(5_000);
    // Whoever it is now: there is one, and the first does not believe that it still is.
    expect(await leaders()).to.deep.equal([next.leader]);
    expect(first).to.be.a("number");
  });

  it("gives the lead to another where the leader resigns", async () => {
    const [first = 0] = await leaders();
    await servers[first]?.resign();
    const others = servers.filter((_, index) => index !== first);
    const answers = await Promise.all(others.map((server) => server.isLeader()));
    expect(answers.filter(Boolean)).to.have.length(1);
  });

  it("takes the lead from a leader that hangs: PostgreSQL ends a session that is silent", async () => {
    const hanging = new Client({ connectionString: url, options: LEADER_SESSION });
    hanging.on("error", () => undefined);
    await hanging.connect();
    await hanging.query("select pg_advisory_lock($1)", [ADVISORY_LOCK.settler]);
    expect(await leaders()).to.deep.equal([]);
    await eventually("a new leader", async () => (await leaders()).length === 1);
  });
});
