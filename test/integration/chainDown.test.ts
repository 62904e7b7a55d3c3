import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { pino } from "pino";
import type { Hex } from "viem";

import { ChainUnreachable } from "@compute-credits/platform/chain/chainUnreachable";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { readConfig } from "../../server/config.ts";
import { type RunningServer, serve } from "../../server/serve.ts";
import { type Fault, type FaultyRpc, startFaultyRpc } from "../fixtures/faultyRpc.ts";
import { expectProblem, send } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";
import { newLedgerDatabase } from "../fixtures/postgresServer.ts";

const { alice, bob, operator, provider, signer } = wallets;
const silent = pino({ level: "silent" });

describe("a server that starts while no endpoint of the chain answers", () => {
  let stack: MeteredStack;
  let rpc: FaultyRpc;
  let folder: string;
  let databaseUrl: string;
  let key: string;
  let spender: Hex;
  let server: RunningServer | undefined;

  before(async () => {
    [databaseUrl, folder] = await Promise.all([
      newLedgerDatabase(),
      mkdtemp(join(tmpdir(), "compute-credits-test-")),
    ]);
    stack = await startMeteredStack("PostgreSQL", { databaseUrl });
    rpc = await startFaultyRpc(stack.rpcUrl);
    key = await stack.registerProvider(provider);
    await stack.buyAndWait(alice, 1_000_000_000n);
    spender = apiKeySpender(createApiKey());
    await stack.postAccepted(await stack.sign(alice, { spender }));
    await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
    await stack.server.stop();
  });
  afterEach(async () => {
    rpc.meddle((_call, ask) => ask());
    await server?.stop();
    server = undefined;
  });
  after(async () => {
    await rpc?.stop();
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const environment = (changes: Readonly<Record<string, string>> = {}) => ({
    RPC_URL: rpc.url,
    CONTRACT_ADDRESS: stack.contract,
    DATABASE_URL: databaseUrl,
    SIGNING_JOURNAL_FOLDER: folder,
    PORT: "0",
    CONFIRMATIONS: "0",
    POLL_MILLISECONDS: "100",
    SETTLE_INTERVAL_SECONDS: "1",
    SIGNER_PRIVATE_KEYS: signer.privateKey,
    SETTLER_PRIVATE_KEY: operator.privateKey,
    ...changes,
  });

  async function start(changes: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
    server = await serve(readConfig(environment(changes)), silent);
    return server;
  }

  const use = async ({ url }: RunningServer) =>
    await send(`${url}/v1/usage`, { key, body: cloudEvent(spender) });

  const DOWN: readonly Fault[] = [{ httpStatus: 503 }, "cut"];
  for (const fault of DOWN) {
    it(`meters by what it knows, and catches up once the endpoint no longer answers ${JSON.stringify(fault)}`, async () => {
      rpc.meddle(() => fault);
      const started = await start();
      const epoch = (await started.context.checkpoints.latest())?.message.epoch ?? 0n;
      expect((await use(started)).status).to.equal(201);
      const deployment = await send(`${started.url}/v1/deployment`);
      expect(deployment.document["domain"]).to.deep.include({ chainId: stack.deployment.chainId });
      const { document } = await eventually("the indexer's failure", async () => {
        const answer = await send(`${started.url}/readyz`);
        return /indexer[^}]*error":"/.test(JSON.stringify(answer.document)) && answer;
      });
      expect(document["status"]).to.not.equal("ready");

      const { purchased } = await started.context.accounts.balance(addressOf(bob));
      await stack.buy(bob, 5_000_000n);
      rpc.meddle((_call, ask) => ask());
      await eventually("the purchase of the meantime", async () => {
        const balance = await started.context.accounts.balance(addressOf(bob));
        return balance.purchased === purchased + 5_000_000n;
      });
      await eventually("a checkpoint with the debit of the meantime", async () => {
        const newest = await started.context.checkpoints.latest();
        if (newest?.status === "pending") {
          await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
        }
        return newest?.status === "final" && newest.message.epoch > epoch;
      });
    });
  }

  it("tells in readiness that a key is no signer, once the endpoint answers", async () => {
    rpc.meddle(() => ({ httpStatus: 503 }));
    const started = await start({ SIGNER_PRIVATE_KEYS: bob.privateKey });
    rpc.meddle((_call, ask) => ask());
    await eventually("the settler's failure", async () => {
      const { document } = await send(`${started.url}/readyz`);
      return JSON.stringify(document).includes("the contract knows no signer");
    });
    expect((await use(started)).status).to.equal(201);
  });

  it("does not start on a ledger that no server has started on before, or of another contract", async () => {
    rpc.meddle(() => ({ httpStatus: 503 }));
    for (const changes of [
      { DATABASE_URL: await newLedgerDatabase() },
      { CONTRACT_ADDRESS: addressOf(alice) },
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const failure = await start(changes).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(ChainUnreachable);
    }
  });

  it("asks to send again what only the chain can answer", async () => {
    rpc.meddle(() => ({ httpStatus: 503 }));
    const started = await start();
    const answer = await send(`${started.url}/v1/receipts`, { key, body: {} });
    expectProblem(answer, 503, "chain_unavailable");
  });
});
