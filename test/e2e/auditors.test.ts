import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { pino } from "pino";

import { meteringServer } from "../../client/meteringServer.ts";
import { newApiKey } from "../../client/apiKey.ts";
import { signAllowance } from "../../client/signedAllowance.ts";
import type { RunningAuditor } from "../../auditor/runAuditor.ts";
import { computeCreditsAbi } from "../../protocol/abi/computeCredits.ts";
import { parseCredits } from "../../protocol/amounts.ts";
import { apiKeySpender } from "../../protocol/spender.ts";
import { openPgDatabase } from "../../server/adapters/postgres/pgDatabase.ts";
import { eventually } from "../../scripts/demo/eventually.ts";
import { startLocalAuditor } from "../../scripts/local/localAuditor.ts";
import { startLocalStack } from "../../scripts/local/localStack.ts";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import { contractAt } from "../fixtures/localContract.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { send } from "../fixtures/http.ts";
import { usageEvent } from "../fixtures/ledger.ts";
import { newPostgresDatabase } from "../fixtures/postgresServer.ts";

const silent = pino({ level: "silent" });

/** A chain whose contract wants `threshold` of the meter's signature and those of auditors. */
async function startStack(threshold: number, auditors: readonly TestWallet[]) {
  const dataFolder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
  const signers = [wallets.signer, ...auditors].map(addressOf).toSorted();
  const databaseUrl = await newPostgresDatabase();
  const database = await openPgDatabase(databaseUrl, 1);
  const stack = await startLocalStack({
    databaseUrl,
    chainPort: 0,
    port: 0,
    dataFolder,
    settleIntervalSeconds: 1,
    feeBps: 200,
    log: silent,
    terms: { threshold, signers },
  });
  const { server, rpcUrl, contract, token } = stack;
  const local = contractAt(rpcUrl, contract, token);
  const { context } = server;
  const running: RunningAuditor[] = [];
  const provider = addressOf(wallets.provider);
  const spender = apiKeySpender(newApiKey());

  return {
    stack,
    local,
    context,

    async audit(wallet: TestWallet): Promise<RunningAuditor> {
      const auditor = await startLocalAuditor(stack, wallet, silent);
      running.push(auditor);
      return auditor;
    },

    /** Alice buys, and lets an API key spend; a provider has worked for it. */
    async work(): Promise<string> {
      const alice = addressOf(wallets.alice);
      await local.buy(wallets.alice, parseCredits("100"));
      await eventually(
        "the purchase",
        async () => (await context.accounts.balance(alice)).purchased > 0n,
      );
      const signed = await signAllowance(local.as(wallets.alice).wallet, local.deployment, {
        spender,
        limitMicros: parseCredits("50"),
        accountCapMicros: parseCredits("50"),
        counter: 0n,
      });
      await meteringServer(server.url).addAllowance(signed);
      await context.providers.grantAccess({ spender, provider });
      return await this.use();
    },

    async use(): Promise<string> {
      const event = usageEvent({ provider, spender, meter: "requests", quantity: 1_000n });
      const [outcome] = await context.usage.record([event]);
      if (outcome?.result !== "debited") throw new Error(JSON.stringify(outcome));
      return event.id;
    },

    /** Runs on the ledger's own database, as a lying operator would. */
    lie: (sql: string) => database.script(sql),

    onChain: () =>
      local.client.readContract({
        address: contract,
        abi: computeCreditsAbi,
        functionName: "pendingCheckpoint",
      }),

    async stop(): Promise<void> {
      await Promise.all(running.map((auditor) => auditor.stop()));
      await stack.stop();
      await database.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

describe("auditors on a chain", function () {
  this.timeout(180_000);
  let scene: Awaited<ReturnType<typeof startStack>> | undefined;
  afterEach(async () => {
    await scene?.stop();
    scene = undefined;
  });

  context("when two of two must sign, the meter and an auditor", () => {
    it("finalises a checkpoint once the auditor has reproduced it", async () => {
      const stage = (scene = await startStack(2, [wallets.auditor]));
      await stage.work();
      await eventually("a prepared checkpoint", async () => {
        const latest = await stage.context.checkpoints.latest();
        return latest?.status === "prepared";
      });
      expect((await stage.onChain()).epoch).to.equal(0n);

      const auditor = await stage.audit(wallets.auditor);
      await eventually("the checkpoint on chain", async () => (await stage.onChain()).epoch === 1n);
      const submitted = await stage.context.checkpoints.byEpoch(1n);
      expect(submitted?.signatures.map(({ signer }) => signer)).to.have.members([
        addressOf(wallets.signer),
        addressOf(wallets.auditor),
      ]);

      await stage.local.passTime(10);
      await stage.use();
      await eventually("a second one", async () => (await stage.onChain()).epoch === 2n);
      expect(auditor.auditor.findings()).to.deep.equal([]);
      const health = await send(`${auditor.url}/healthz`);
      expect(health.status).to.equal(200);
      expect(health.document["agreedEpoch"]).to.equal("2");
    });

    it("keeps a lie off the chain, and says whom it wrongs, by which event and by how much", async () => {
      const stage = (scene = await startStack(2, [wallets.auditor]));
      const id = await stage.work();
      await stage.lie(`update debits set amount_micros = amount_micros + 1;
        update accounts set spent = spent + 1 where spent > 0; update earnings set earned = earned + 1`);
      await stage.lie("update checkpoints set dropped = true, abandoned_at = clock_timestamp()");
      const auditor = await stage.audit(wallets.auditor);
      const [finding] = await eventually("a finding", async () => {
        const { document } = await send(`${auditor.url}/findings`);
        const found = document["findings"];
        return Array.isArray(found) && found.length > 0 ? found : null;
      });
      expect(finding).to.include({
        kind: "wrong_price",
        party: addressOf(wallets.alice),
        differenceMicros: "1",
      });
      expect(finding.event).to.deep.equal({ provider: addressOf(wallets.provider), id });
      expect((await send(`${auditor.url}/healthz`)).status).to.equal(503);
      expect((await stage.onChain()).epoch).to.equal(0n);
    });
  });

  context("when two of three must sign, the meter and one of two auditors", () => {
    it("goes on while one of the auditors is down", async () => {
      const stage = (scene = await startStack(2, [wallets.auditor, wallets.secondAuditor]));
      await stage.work();
      await stage.audit(wallets.secondAuditor);
      await eventually("the checkpoint on chain", async () => (await stage.onChain()).epoch === 1n);
    });
  });

  context("when somebody else asks for the log", () => {
    it("is told that the log is for signers", async () => {
      const stage = (scene = await startStack(1, []));
      const { url } = stage.stack.server;
      expect((await send(`${url}/v1/log`)).document["reason"]).to.equal("missing_credentials");
      const stranger = await stage.audit(wallets.bob);
      await eventually("its refusal", async () => {
        const { status, document } = await send(`${stranger.url}/healthz`);
        return status === 503 && String(document["error"]).includes("not_an_auditor");
      });
    });
  });
});
