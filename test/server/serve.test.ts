import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { pino } from "pino";

import { lockFolder } from "@compute-credits/platform/postgres/folderLock";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { wallets } from "../../scripts/local/wallets.ts";
import { readConfig } from "../../server/config.ts";
import { serve } from "../../server/serve.ts";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { pgliteFolder } from "../fixtures/pgliteTemplate.ts";
import { newPostgresDatabase } from "../fixtures/postgresServer.ts";

const { bob, operator, signer } = wallets;

describe("a server that cannot start", () => {
  const silent = pino({ level: "silent" });
  let local: LocalContract;
  let folder: string;
  let port: number;
  const children: ChildServer[] = [];

  before(async () => {
    local = await startContract();
  });
  after(() => local.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    await cp(await pgliteFolder("ledger"), folder, { recursive: true });
    port = await freePort();
  });
  afterEach(async () => {
    await Promise.all(children.splice(0).map((child) => child.kill()));
    await rm(folder, { recursive: true });
  });

  function environment(more: Readonly<Record<string, string>> = {}) {
    return {
      RPC_URL: local.rpcUrl,
      CONTRACT_ADDRESS: local.contract,
      DATA_FOLDER: folder,
      SIGNING_JOURNAL_FOLDER: join(folder, "signing"),
      PORT: `${port}`,
      CONFIRMATIONS: "0",
      POLL_MILLISECONDS: "100",
      SETTLE_INTERVAL_SECONDS: "1",
      SIGNER_PRIVATE_KEYS: signer.privateKey,
      SETTLER_PRIVATE_KEY: operator.privateKey,
      ...more,
    };
  }

  async function failureOf(more: Readonly<Record<string, string>>): Promise<unknown> {
    return await serve(readConfig(environment(more)), silent).then(
      () => null,
      (error: unknown) => error,
    );
  }

  async function expectNothingLeft(): Promise<void> {
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    other.close();
    // Throws while a database in the folder is open.
    lockFolder(folder)();
  }

  it("leaves nothing behind if the contract does not know its signer", async () => {
    const failure = await failureOf({ SIGNER_PRIVATE_KEYS: bob.privateKey });
    expect(failure).to.be.instanceOf(ConfigError);
    expect(String(failure)).to.include(bob.account.address.toLowerCase());
    await expectNothingLeft();
  });

  it("leaves nothing behind if its fee exceeds the contract's maximum", async () => {
    const failure = await failureOf({ FEE_BPS: "10000" });
    expect(failure).to.be.instanceOf(ConfigError);
    expect(String(failure)).to.include("FEE_BPS 10000");
    await expectNothingLeft();
  });

  it("leaves nothing behind if its port is taken", async () => {
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    const failure = await failureOf({});
    expect(failure).to.be.instanceOf(ConfigError);
    expect(String(failure)).to.include(`PORT ${port}`);
    other.close();
    await once(other, "close");
    await expectNothingLeft();
  });

  for (const kind of ["PGlite", "PostgreSQL"] as const) {
    it(`runs no worker on ${kind}: its process ends by itself`, async () => {
      const database: Record<string, string> =
        kind === "PGlite" ? {} : { DATABASE_URL: await newPostgresDatabase() };
      const child = startChildServer(
        environment({ SIGNER_PRIVATE_KEYS: bob.privateKey, ...database }),
      );
      children.push(child);
      expect(await child.ended).to.equal(1);
      expect(child.said()).to.match(/^SIGNER_PRIVATE_KEYS: /m);
    });
  }
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  server.close();
  await once(server, "close");
  return address.port;
}
