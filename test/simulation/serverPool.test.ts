import { expect } from "chai";

import { freePort } from "../../scripts/local/ports.ts";
import type { OwnPostgresServer } from "../../scripts/local/postgresServer.ts";
import { ServerPool } from "../../simulation/serverPool.ts";
import { ServerProcess } from "../../simulation/serverProcess.ts";

let pools: ServerPool[] = [];

describe("server pool of the simulation", () => {
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.stop()));
    pools = [];
  });

  it("kills the database again only after it has restarted", async () => {
    const done: string[] = [];
    const pool = await poolOn({
      kill: () => step(done, "kill"),
      restart: () => step(done, "restart"),
    });
    await Promise.all([pool.killDatabase(), pool.killDatabase()]);
    expect(done).to.deep.equal(["kill", "restart", "kill", "restart"]);
  });

  it("fails every call after the database did not restart", async () => {
    const pool = await poolOn({
      kill: () => Promise.resolve(),
      restart: () => Promise.reject(new Error("PostgreSQL took no connection")),
    });
    const [outage] = await Promise.allSettled([pool.killDatabase()]);
    expect(outage.status).to.equal("rejected");
    const [call] = await Promise.allSettled([pool.call("cursor", null)]);
    expect(call.status === "rejected" && String(call.reason)).to.include("took no connection");
  });
});

describe("server process of the simulation", () => {
  it("says why it did not start", async () => {
    const url = `postgres://test@127.0.0.1:${await freePort()}/none`;
    const [start] = await Promise.allSettled([ServerProcess.start(url, () => undefined)]);
    expect(start.status === "rejected" && String(start.reason)).to.match(
      /a server process did not start: .*ECONNREFUSED/,
    );
  });
});

type Outage = Pick<OwnPostgresServer, "kill" | "restart">;

/** A pool without processes on a database that only these functions know. */
async function poolOn(outage: Outage): Promise<ServerPool> {
  const server: OwnPostgresServer = {
    url: "postgres://127.0.0.1:1",
    freeze: () => undefined,
    thaw: () => undefined,
    untilAnswers: () => Promise.resolve(),
    backUp: () => undefined,
    restore: () => undefined,
    stop: () => Promise.resolve(),
    ...outage,
  };
  const pool = await ServerPool.start(server, server.url, 0);
  pools.push(pool);
  return pool;
}

/** Notes a step that takes some turns of the event loop. */
async function step(done: string[], name: string): Promise<void> {
  done.push(name);
  await new Promise((resolve) => setImmediate(resolve));
}
