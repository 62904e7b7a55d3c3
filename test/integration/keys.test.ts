import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { startFaultyRpc } from "../fixtures/faultyRpc.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { newPostgresDatabase } from "../fixtures/postgresServer.ts";
import { type Settling, startSettling } from "../fixtures/settling.ts";
import { startSigningService } from "../fixtures/signingService.ts";

const { alice, signer, operator, bob } = wallets;

/** Settings for a signing service that has both keys. */
const remote = (url: string) => ({
  SIGNER_PRIVATE_KEYS: "",
  SETTLER_PRIVATE_KEY: "",
  SIGNER_URL: url,
  SIGNER_ADDRESSES: addressOf(signer),
  SETTLER_URL: url,
  SETTLER_ADDRESS: addressOf(operator),
});

describe("the settler's keys", () => {
  let stack: Settling;
  let spender: `0x${string}`;

  before(async () => {
    stack = await startSettling("PostgreSQL");
    await stack.buyAndWait(alice, 10_000_000n);
    spender = await stack.newSpender(alice);
    await stack.use(spender);
  });
  after(() => stack.stop());

  async function failureWith(service: { url: string }): Promise<string> {
    const settler = await stack.newSettler(undefined, remote(service.url));
    return String(await settler.step().catch((error: unknown) => error));
  }

  it("cause a clear error and no transaction if the signing service is down or has no or another key", async () => {
    const stopped = await startSigningService([]);
    await stopped.stop();
    expect(await failureWith(stopped)).to.include(
      `the signer of ${addressOf(signer)} does not answer`,
    );

    const empty = await startSigningService([]);
    expect(await failureWith(empty)).to.include("refuses: no such key");
    await empty.stop();

    const wrong = await startSigningService([{ ...bob, as: addressOf(signer) }]);
    expect(await failureWith(wrong)).to.include(`with the key of ${bob.account.address}`);
    await wrong.stop();

    expect((await stack.checkpoints.byEpoch(1n))?.signatures).to.deep.equal([]);
    expect(await stack.context.chain.latestEpoch()).to.equal(0n);
  });

  it("can be kept by an HTTP signing service under any of its method names", async () => {
    const service = await startSigningService(
      [signer, operator],
      ["eth_signTypedData", "eth_signTransaction"],
    );
    const settler = await stack.newSettler(undefined, remote(service.url));
    const { signatures } = await stack.untilOnChain(settler, 1n);
    expect(signatures.map((signed) => signed.signer)).to.deep.equal([addressOf(signer)]);
    expect(service.asked).to.deep.equal([
      "eth_signTypedData_v4",
      "eth_signTypedData",
      "eth_signTransaction",
    ]);
    await service.stop();
  });

  it("and other secrets appear in no line of a server's log after any failure", async () => {
    // A contract of its own: on a chain with checkpoints, a server with an empty ledger stops.
    const fresh = await startSettling("PostgreSQL");
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-keys-"));
    const rpc = await startFaultyRpc(fresh.rpcUrl);
    const database = new URL(await newPostgresDatabase());
    database.password = "database-password-1";
    const secrets = {
      signer: signer.privateKey.slice(2),
      settler: operator.privateKey.slice(2),
      endpoint: "endpoint-api-key-1",
      database: database.password,
    };
    const files = { signer: join(folder, "signer"), settler: join(folder, "settler") };
    await writeFile(files.signer, `${signer.privateKey}\n`);
    await writeFile(files.settler, `${operator.privateKey}\n`);

    const server = spawn(process.execPath, ["server/main.ts"], {
      env: {
        PATH: process.env["PATH"],
        RPC_URL: `${rpc.url}/v3/${secrets.endpoint}`,
        CONTRACT_ADDRESS: fresh.contract,
        DATABASE_URL: database.href,
        PORT: "0",
        CONFIRMATIONS: "0",
        POLL_MILLISECONDS: "100",
        SETTLE_INTERVAL_SECONDS: "1",
        SIGNING_JOURNAL_FOLDER: join(folder, "signing"),
        LOG_LEVEL: "trace",
        SIGNER_KEY_FILE: files.signer,
        SETTLER_KEY_FILE: files.settler,
      },
    });
    let output = "";
    for (const stream of [server.stdout, server.stderr]) {
      stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    }
    const ended = once(server, "exit");
    try {
      await eventually("the lead", async () => output.includes("this server leads"));
      rpc.meddle(() => ({ httpStatus: 500 }));
      // viem's errors contain the endpoint, so there was something to hide.
      await eventually("an error that names the endpoint", async () => output.includes("[hidden]"));
    } finally {
      server.kill("SIGTERM");
      await ended;
      await rpc.stop();
      await fresh.stop();
      await rm(folder, { recursive: true });
    }
    for (const [what, secret] of Object.entries(secrets)) {
      expect(output.toLowerCase().includes(secret), `${what} in the log`).to.equal(false);
    }
  });
});
