import { expect } from "chai";
import { pino } from "pino";

import { type RunningAuditor, StepCut } from "../../auditor/startAuditor.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { startLocalAuditor } from "../../scripts/local/localAuditor.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { send } from "../fixtures/http.ts";
import { type MeteredStack, addressOf, startMeteredStack } from "../fixtures/meteredStack.ts";
import { newAuditorDatabase } from "../fixtures/postgresServer.ts";
import { type TcpProxy, startTcpProxy, through } from "../../scripts/local/tcpProxy.ts";

const { auditor, signer } = wallets;

describe("an auditor whose database goes silent", function () {
  this.timeout(120_000);
  let stack: MeteredStack;
  let proxy: TcpProxy;
  let running: RunningAuditor;

  before(async () => {
    stack = await startMeteredStack("PostgreSQL", {
      terms: { threshold: 1, signers: [signer, auditor].map(addressOf).toSorted() },
    });
    const databaseUrl = await newAuditorDatabase();
    proxy = await startTcpProxy(Number(new URL(databaseUrl).port));
    running = await startLocalAuditor(stack, auditor, pino({ level: "silent" }), {
      databaseUrl: through(proxy, databaseUrl),
      silenceMs: 1_000,
      stopWithinMs: 500,
    });
    await eventually("a healthy auditor", async () => {
      return (await send(`${running.url}/healthz`)).status === 200;
    });
  });
  after(async () => {
    await running.stop().catch(() => undefined);
    await proxy.stop();
    await stack.stop();
  });

  it("says on /healthz that its step hangs, and answers /findings and /signatures", async () => {
    proxy.silenceAll();
    const error = await eventually("the alarm", async () => {
      const { status, document } = await send(`${running.url}/healthz`);
      return status === 503 && document["error"];
    });
    expect(error).to.match(/^its step has run for \d+ s, longer than 1 s: .* restart the program$/);
    expect((await send(`${running.url}/findings`)).document).to.deep.equal({ findings: [] });
    expect((await send(`${running.url}/signatures`)).document).to.deep.equal({ signatures: [] });
  });

  it("when it is told to stop: ends in time, and says that a step was cut", async () => {
    const error: unknown = await running.stop().catch((cause: unknown) => cause);
    expect(error).to.be.instanceOf(StepCut);
    expect(String(error)).to.include("did not end within 0.5 s");
  });
});
