import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { eventually } from "../../scripts/local/eventually.ts";
import {
  type OwnPostgresServer,
  canMakeStandbys,
  createDatabase,
  startPostgres,
} from "../../scripts/local/postgresServer.ts";
import { type TcpProxy, startTcpProxy, through } from "../../scripts/local/tcpProxy.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { createAccountStore } from "../../server/stores/accounts/postgresAccountStore.ts";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { fundSpender } from "../fixtures/fundedSpender.ts";
import { expectProblem, send } from "../fixtures/http.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";

const RECOVERY_MS = 10_000;

/** Real streaming replication, behind an address that moves to the standby once it is promoted. */
describe("a ledger that fails over to a standby", () => {
  let local: LocalContract;
  before(async function () {
    if (!(await canMakeStandbys())) this.skip();
    local = await startContract();
  });
  after(() => local?.stop());

  for (const { name, settings } of [
    { name: "a synchronous standby", settings: { synchronous_standby_names: "*" } },
    { name: "a standby that had all of the log", settings: {} },
  ]) {
    it(`goes on within seconds with ${name}, and knows every debit`, async () => {
      await withPair(settings, async (pair) => {
        const { newEvent, use, primary, standby } = pair;

        const events = Array.from({ length: 20 }, newEvent);
        const answers = await Promise.all(events.map(use));
        expect(answers.map(({ status }) => status)).to.deep.equal(events.map(() => 201));
        if (!("synchronous_standby_names" in settings)) await pair.untilStreamed();
        const before = await pair.spent(primary);

        await primary.kill();
        await pair.failOver();
        const startedAt = performance.now();
        await eventually("a debit", async () => (await use(newEvent())).status === 201);
        expect(performance.now() - startedAt).to.be.lessThan(RECOVERY_MS);
        const repeated = await Promise.all(events.map(use));
        expect(repeated.map(({ status }) => status)).to.deep.equal(events.map(() => 200));
        expect((await pair.spent(standby)) > before).to.equal(true);
      });
    });
  }

  it("takes no debit on a standby that lacks what clients were told", async () => {
    await withPair({}, async ({ newEvent, primary, standby, ...pair }) => {
      const use = () => pair.use(newEvent());
      expect((await use()).status).to.equal(201);
      await pair.untilStreamed();
      await standby.kill();
      expect((await use()).status).to.equal(201);
      await primary.kill();
      await standby.restart();
      await pair.failOver();

      const statuses: number[] = [];
      const answer = await eventually("a refusal that says why", async () => {
        const one = await use();
        statuses.push(one.status);
        return String(one.document["detail"]).includes("the ledger is behind") ? one : null;
      });
      expect(statuses).to.not.include(201);
      expectProblem(answer, 503, "metering_stopped");
      expect((await pair.ready()).status).to.equal(503);
    });
  });

  interface Pair {
    readonly primary: OwnPostgresServer;
    readonly standby: OwnPostgresServer;
    readonly newEvent: () => object;
    readonly use: (event: object) => ReturnType<typeof send>;
    ready(): ReturnType<typeof send>;
    /** Resolves once the standby has all that the primary wrote. */
    untilStreamed(): Promise<void>;
    /** Promotes the standby, and moves the address to it. */
    failOver(): Promise<void>;
    spent(of: OwnPostgresServer): Promise<bigint>;
  }

  async function withPair(
    settings: Readonly<Record<string, string>>,
    work: (pair: Pair) => Promise<void>,
  ): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-failover-"));
    // Until there is a standby, a synchronous commit would wait for ever.
    const primary = await startPostgres();
    let standby: OwnPostgresServer | undefined;
    let server: ChildServer | undefined;
    let proxy: TcpProxy | undefined;
    try {
      const databaseUrl = await createDatabase(primary);
      proxy = await startTcpProxy(portOf(primary));
      server = startChildServer({
        RPC_URL: local.rpcUrl,
        CONTRACT_ADDRESS: local.contract,
        DATABASE_URL: through(proxy, databaseUrl),
        SIGNING_JOURNAL_FOLDER: folder,
      });
      const url = await server.url();
      const { pathname } = new URL(databaseUrl);
      const on = (of: OwnPostgresServer) => `${of.url}${pathname}`;
      const { providerKey, spender } = await query(on(primary), (database) =>
        fundSpender(local, url, database),
      );
      standby = await startPostgres({}, { standbyOf: primary });
      const promoted = standby;
      const behind = proxy;
      await query(on(primary), async (database) => {
        for (const [name, value] of Object.entries(settings)) {
          // oxlint-disable-next-line no-await-in-loop -- a few settings
          await database.query(`alter system set ${name} = '${value}'`);
        }
        await database.query("select pg_reload_conf()");
      });

      await work({
        primary,
        standby,
        newEvent: () => cloudEvent(spender),
        use: (body) => send(`${url}/v1/usage`, { key: providerKey, body }),
        ready: () => send(`${url}/readyz/metering`),
        untilStreamed: () =>
          query(on(primary), async (database) => {
            await eventually("the standby", async () => {
              const [row] = await database.query<{ streamed: boolean }>(
                `select replay_lsn >= pg_current_wal_lsn() as streamed from pg_stat_replication`,
              );
              return row?.streamed === true;
            });
          }),
        async failOver() {
          await query(on(promoted), (database) => database.query("select pg_promote()"));
          behind.moveTo(portOf(promoted));
        },
        spent: (of) =>
          query(on(of), async (database) => {
            return (await createAccountStore(database).balance(addressOf(wallets.alice))).spent;
          }),
      });
    } catch (error) {
      console.log(server?.said());
      throw error;
    } finally {
      await server?.kill();
      await proxy?.stop();
      await standby?.stop();
      await primary.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }
});

function portOf({ url }: OwnPostgresServer): number {
  return Number(new URL(url).port);
}

async function query<T>(url: string, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openPgDatabase(url, 1);
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}
