import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { pino } from "pino";

import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import type { Finding } from "../../auditor/replay/finding.ts";
import type { RunningAuditor } from "../../auditor/startAuditor.ts";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { eventually } from "../../scripts/local/eventually.ts";
import { startLocalAuditor } from "../../scripts/local/localAuditor.ts";
import { startLocalStack } from "../../scripts/local/localStack.ts";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import { contractAt } from "../fixtures/localContract.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { send } from "../fixtures/http.ts";
import { usageEvent } from "../fixtures/ledger.ts";
import { startLyingProxy } from "../fixtures/lyingProxy.ts";
import { newAuditorDatabase, newLedgerDatabase } from "../fixtures/postgresServer.ts";

const silent = pino({ level: "silent" });

/** Starts a chain whose contract requires `threshold` signatures of the meter and the auditors. */
async function startStack(threshold: number, auditors: readonly TestWallet[]) {
  const dataFolder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
  const signers = [wallets.signer, ...auditors].map(addressOf).toSorted();
  const databaseUrl = await newLedgerDatabase();
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
  const apiKey = createApiKey();
  const spender = apiKeySpender(apiKey);

  return {
    stack,
    local,
    context,

    async audit(wallet: TestWallet, url = server.url): Promise<RunningAuditor> {
      const auditor = await startLocalAuditor({ ...stack, server: { url } }, wallet, silent, {
        databaseUrl: await newAuditorDatabase(),
      });
      running.push(auditor);
      return auditor;
    },

    async stopAuditors(): Promise<void> {
      await Promise.all(running.splice(0).map((auditor) => auditor.stop()));
    },

    /** Alice buys credits, and an API key spends them at a provider. */
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
      await createMeteringClient(server.url).addAllowance(signed, { apiKey });
      await context.providers.grantAccess({ spender, provider });
      return await this.use();
    },

    async use(): Promise<string> {
      const event = usageEvent({ provider, spender, meter: "requests", quantity: 1_000n });
      const [outcome] = await context.usage.record([event]);
      if (outcome?.result !== "debited") throw new Error(JSON.stringify(outcome));
      return event.id;
    },

    /** Runs SQL on the ledger's database, as a lying operator would. */
    lie: (sql: string) => database.script(sql),

    onChain: () =>
      local.client.readContract({
        address: contract,
        abi: computeCreditsAbi,
        functionName: "pendingCheckpoint",
      }),

    async stop(): Promise<void> {
      await this.stopAuditors();
      await stack.stop();
      await database.close();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** Falsifies a log page: every event costs one micro-credit more. */
function oneMoreForEachEvent(path: string, document: unknown): unknown {
  if (!path.startsWith("/v1/log?")) return document;
  const text = JSON.stringify(document);
  return JSON.parse(text, (name, value: unknown) =>
    name === "amountMicros" ? `${BigInt(String(value)) + 1n}` : value,
  );
}

/** Waits until an auditor has refused an epoch. Returns its first finding. */
async function refusalOf({ auditor }: RunningAuditor, epoch: bigint): Promise<Finding> {
  return await eventually(`a refusal of epoch ${epoch}`, () => {
    const refused = auditor.findings().find(({ cut }) => cut.message.epoch === epoch);
    return Promise.resolve(refused?.findings[0]);
  });
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

    it("keeps a lie off the chain and reports the wronged account, the event and the amount", async () => {
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

  // Each test continues where the previous one ended.
  context("when two of three must sign, the meter and one of two auditors", () => {
    let stage: Awaited<ReturnType<typeof startStack>>;
    let proxy: Awaited<ReturnType<typeof startLyingProxy>>;
    const [meter, other] = [addressOf(wallets.signer), addressOf(wallets.secondAuditor)];

    before(async () => {
      stage = await startStack(2, [wallets.auditor, wallets.secondAuditor]);
      proxy = await startLyingProxy(stage.stack.server.url, oneMoreForEachEvent);
    });
    after(async () => {
      await stage.stop();
      await proxy.stop();
    });

    const signersOf = async (epoch: bigint) =>
      (await stage.context.checkpoints.byEpoch(epoch))?.signatures.map(({ signer }) => signer);

    it("finalises checkpoints while one of the auditors is down", async () => {
      await stage.work();
      await stage.audit(wallets.secondAuditor);
      await eventually("the checkpoint on chain", async () => (await stage.onChain()).epoch === 1n);
    });

    it("finalises checkpoints while one auditor, which reads a falsified log, refuses", async () => {
      const refusing = await stage.audit(wallets.auditor, proxy.url);
      expect(await refusalOf(refusing, 1n)).to.include({
        kind: "wrong_price",
        party: addressOf(wallets.alice),
        differenceMicros: 1n,
      });
      await stage.local.passTime(10);
      await stage.use();
      await eventually("a second one", async () => (await stage.onChain()).epoch === 2n);
      expect(await signersOf(2n)).to.have.members([meter, other]);
      await refusalOf(refusing, 2n);
      expect((await send(`${refusing.url}/healthz`)).status).to.equal(503);
      // The chain finalises it in spite of the one auditor's refusal.
      await stage.local.passTime(10);
      await eventually("that it is final", async () => {
        const checkpoint = await stage.context.checkpoints.byEpoch(2n);
        return checkpoint?.status === "final";
      });
    });

    it("finalises nothing if both auditors read a falsified log and refuse to sign", async () => {
      await stage.stopAuditors();
      const id = await stage.use();
      await stage.lie(`update debits set amount_micros = amount_micros + 1 where event_id = '${id}';
        update accounts set spent = spent + 1 where spent > 0; update earnings set earned = earned + 1;
        update checkpoints set dropped = true, abandoned_at = clock_timestamp() where epoch = 3`);
      const auditors = await Promise.all(
        [wallets.auditor, wallets.secondAuditor].map((wallet) => stage.audit(wallet)),
      );
      const refusals = await Promise.all(auditors.map((auditor) => refusalOf(auditor, 3n)));
      for (const refusal of refusals) {
        expect(refusal).to.include({ kind: "wrong_price", party: addressOf(wallets.alice) });
        expect(refusal).to.include({ differenceMicros: 1n });
        expect(refusal.event).to.deep.equal({ provider: addressOf(wallets.provider), id });
      }
      const latest = await stage.context.checkpoints.latest();
      expect(latest?.message.epoch).to.equal(3n);
      expect(latest?.status).to.equal("prepared");
      const signers = await signersOf(3n);
      expect(signers).to.not.include(addressOf(wallets.auditor)).and.not.include(other);
      expect((await stage.onChain()).epoch).to.equal(0n);
    });
  });

  context("when a stranger requests the log", () => {
    it("is refused because the log is for signers only", async () => {
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
