import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import type { Hex } from "viem";

import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { exportJournals } from "@compute-credits/platform/signing/journalExchange";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import {
  type OwnPostgresServer,
  createDatabase,
  startPostgres,
} from "../../scripts/local/postgresServer.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { fundSpender } from "../fixtures/fundedSpender.ts";
import { expectProblem, send } from "../fixtures/http.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";

const { operator, signer } = wallets;

describe("a ledger whose database was replaced by an older copy", () => {
  let local: LocalContract;
  let postgres: OwnPostgresServer;
  let databaseUrl: string;
  let folder: string;
  let server: ChildServer;
  let providerKey: string;
  let spender: Hex;

  before(async () => {
    [local, postgres, folder] = await Promise.all([
      startContract(),
      startPostgres({ fsync: "off" }),
      mkdtemp(join(tmpdir(), "compute-credits-restored-")),
    ]);
    databaseUrl = await createDatabase(postgres);
    start();
    const url = await server.url();
    await withDatabase(async (database) => {
      ({ providerKey, spender } = await fundSpender(local, url, database));
    });
    expect((await use()).status).to.equal(201);
    await untilSubmitted(1n);
    await local.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
    await postgres.kill();
    postgres.backUp();
    await postgres.restart();
    await eventually("metering after PostgreSQL's crash", async () => (await use()).status === 201);
    await untilSubmitted(2n);
  });
  afterEach(function () {
    if (this.currentTest?.isFailed() === true) console.log(server.said());
  });
  after(async () => {
    await server?.kill();
    await Promise.all([local?.stop(), postgres?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  it("takes no debit once it runs on the copy", async () => {
    await postgres.kill();
    postgres.restore();
    await postgres.restart();
    const statuses: number[] = [];
    const answer = await eventually("a refusal that says why", async () => {
      const one = await use();
      statuses.push(one.status);
      return String(one.document["detail"]).includes("the ledger is behind") ? one : null;
    });
    expect(statuses).to.not.include(201);
    expectProblem(answer, 503, "metering_stopped");
    expect(answer.headers.get("retry-after")).to.equal("5");
    expect(answer.document["detail"]).to.include("npm run recover");
    expect((await hold()).status).to.equal(503);
    expect((await send(`${await server.url()}/v1/checkpoints`)).status).to.equal(200);
    const ready = await send(`${await server.url()}/readyz`);
    expect(ready.status).to.equal(503);
    expect(JSON.stringify(ready.document["checks"])).to.include("the ledger is behind");
    expect(server.said()).to.include("metering stopped: the ledger is behind");
  });

  it("signs no second root for an epoch, and takes no debit after a restart", async () => {
    await server.kill();
    start();
    expectProblem(await use(), 503, "metering_stopped");
    const { journals } = await exportJournals(folder);
    const submissions = await local.submissionsOf(2n);
    expect(submissions).to.have.length(1);
    expect(journals.map(({ last }) => last.root)).to.deep.equal([submissions[0]?.args.root]);
    // What tells an old copy of the journal from one whose key was away.
    const chain = await createChainReader([local.rpcUrl], local.contract);
    const signers = await chain.submissionSigners({ fromBlock: 0n, after: 0n, upTo: 2n });
    expect(signers).to.deep.equal(new Set([addressOf(signer)]));
    expect(await chain.submissionSigners({ fromBlock: 0n, after: 0n, upTo: 3n })).to.equal(null);
  });

  for (const { name, keeps, says } of [
    {
      name: "by its own memory on disk",
      keeps: "position-",
      says: /acknowledged, is not in the database any more/,
    },
    {
      name: "by the signing journal",
      keeps: ".journal",
      says: /signed 0x[0-9a-f]{64} for epoch 2, which the ledger does not have/,
    },
    {
      name: "by the chain, on a machine that knows nothing",
      keeps: "nothing",
      says: /the chain has 0x[0-9a-f]{64} for epoch 2, which the ledger does not have/,
    },
  ]) {
    it(`finds out ${name}, when it starts`, async () => {
      await server.kill();
      await withDatabase((database) => database.query("delete from metering_stop"));
      const machine = await mkdtemp(join(folder, "machine-"));
      for (const file of await readdir(folder)) {
        // oxlint-disable-next-line no-await-in-loop -- a few files
        if (file.includes(keeps)) await cp(join(folder, file), join(machine, file));
      }
      start({ SIGNING_JOURNAL_FOLDER: machine });
      expectProblem(await use(), 503, "metering_stopped");
      expect(server.said()).to.match(says);
      expect(await local.submissionsOf(2n)).to.have.length(1);
    });
  }

  function start(more: Readonly<Record<string, string>> = {}): void {
    server = startChildServer({
      RPC_URL: local.rpcUrl,
      CONTRACT_ADDRESS: local.contract,
      DATABASE_URL: databaseUrl,
      SIGNER_PRIVATE_KEYS: signer.privateKey,
      SETTLER_PRIVATE_KEY: operator.privateKey,
      SETTLE_INTERVAL_SECONDS: "1",
      SIGNING_JOURNAL_FOLDER: folder,
      ...more,
    });
  }

  async function use() {
    return await post("/v1/usage", cloudEvent(spender));
  }

  async function hold() {
    return await post("/v1/holds", { id: "h", spender, meter: "requests", quantity: "1" });
  }

  async function post(path: string, body: object) {
    return await send(new URL(path, await server.url()).href, { key: providerKey, body });
  }

  async function untilSubmitted(epoch: bigint): Promise<void> {
    await eventually(`checkpoint ${epoch} on chain`, async () => {
      return (await local.submissionsOf(epoch)).length > 0;
    });
  }

  async function withDatabase(work: (database: Database) => Promise<unknown>): Promise<void> {
    const database = await openPgDatabase(databaseUrl, 1);
    await work(database);
    await database.close();
  }
});
