import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";
import { pino } from "pino";
import type { Hex } from "viem";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { jsonText } from "@compute-credits/protocol/jsonText";
import {
  type CheckpointMessage,
  checkpointTypedData,
} from "@compute-credits/protocol/messages/checkpoint";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { RunningAuditor } from "../../auditor/startAuditor.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { startLocalAuditor } from "../../scripts/local/localAuditor.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { send } from "../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";
import { newAuditorDatabase } from "../fixtures/postgresServer.ts";

const { alice, auditor, provider, secondAuditor, signer } = wallets;
const silent = pino({ level: "silent" });
const OTHER_ROOT: Hex = `0x${"77".repeat(32)}`;

/** Two of three sign. The second auditor says that it has signed another root of the first epoch. */
describe("a co-signer that has signed another root", function () {
  this.timeout(180_000);
  let stack: MeteredStack;
  let peer: Server;
  let peerUrl: string;
  let published: readonly object[] = [];
  const running: RunningAuditor[] = [];
  let prepared: CheckpointMessage;

  before(async () => {
    peer = createServer((_req, res) => res.end(jsonText({ signatures: published })));
    peer.listen(0, "127.0.0.1");
    await once(peer, "listening");
    peerUrl = `http://127.0.0.1:${Object(peer.address()).port}`;
    stack = await startMeteredStack("PostgreSQL", {
      terms: { threshold: 2, signers: [signer, auditor, secondAuditor].map(addressOf).toSorted() },
      environment: { AUDITOR_URLS: peerUrl },
    });
    await stack.buyAndWait(alice, 1_000_000n);
    const spender = apiKeySpender(createApiKey());
    await stack.postAccepted(await stack.sign(alice, { spender }));
    await stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
    const key = await stack.registerProvider(provider);
    expect((await stack.request("/v1/usage", { key, body: cloudEvent(spender) })).status).to.equal(
      201,
    );
    prepared = await eventually("a prepared checkpoint", async () => {
      const checkpoint = await stack.context.checkpoints.byEpoch(1n);
      return checkpoint?.message;
    });
    const checkpoint = { ...prepared, root: OTHER_ROOT };
    const signature = await secondAuditor.account.signTypedData(
      checkpointTypedData(stack.deployment, checkpoint),
    );
    published = [{ checkpoint, signer: addressOf(secondAuditor), signature }];
  });
  after(async () => {
    await Promise.all(running.map((one) => one.stop()));
    await stack.stop();
    peer.close();
    peer.closeAllConnections();
  });

  async function audit(peers: readonly string[]): Promise<RunningAuditor> {
    const databaseUrl = await newAuditorDatabase();
    const started = await startLocalAuditor(stack, auditor, silent, { databaseUrl, peers });
    running.push(started);
    return started;
  }

  const signersNow = async () =>
    (await stack.context.checkpoints.byEpoch(1n))?.signatures.map((one) => one.signer);

  it("keeps an auditor that asks it from signing, which says so on /healthz, with both roots", async () => {
    const asking = await audit([peerUrl]);
    const error = await eventually("the alarm", async () => {
      const { status, document } = await send(`${asking.url}/healthz`);
      return status === 503 && String(document["error"]).includes(OTHER_ROOT) && document["error"];
    });
    expect(error).to.include(prepared.root).and.to.include(addressOf(secondAuditor));
    expect(await signersNow()).to.deep.equal([]);
    await asking.stop();
  });

  it("keeps the server from signing, which says so on /readyz/chain, and goes on metering", async () => {
    await audit([]);
    const text = await eventually("the alarm", async () => {
      const { status, document } = await stack.request("/readyz/chain");
      const checks = JSON.stringify(document);
      return status === 503 && checks.includes(OTHER_ROOT) && checks;
    });
    expect(text).to.include(prepared.root).and.to.include(addressOf(secondAuditor));
    expect(await signersNow()).to.deep.equal([addressOf(auditor)]);
    expect(await stack.context.chain.latestEpoch()).to.equal(0n);
    expect((await stack.request("/readyz/metering")).status).to.equal(200);
  });

  it("keeps nobody once it has signed the same root, or shows another no more", async () => {
    published = [];
    await eventually("the checkpoint on chain", async () => {
      return (await stack.context.chain.latestEpoch()) === 1n;
    });
    expect(await signersNow()).to.have.members([addressOf(signer), addressOf(auditor)]);
  });
});
