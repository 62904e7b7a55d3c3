import { expect } from "chai";
import { type Hex, maxUint64 } from "viem";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { requestRefund } from "@compute-credits/client/chain/credits";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { eventually } from "../../scripts/local/eventually.ts";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { createAccountStore } from "../../server/stores/accounts/postgresAccountStore.ts";
import { createCheckpointStore } from "../../server/stores/checkpoints/postgresCheckpointStore.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { createProviderStore } from "../../server/stores/providers/postgresProviderStore.ts";
import type { CheckpointStore } from "../../server/stores/checkpoints/checkpointStore.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { SETTLEMENT_STEPS, type SettlementStep } from "@compute-credits/platform/chain/probe";
import { type ChildServer, startChildServer } from "../fixtures/childServer.ts";
import { send } from "../fixtures/http.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { addressOf, cloudEvent } from "../fixtures/meteredStack.ts";
import { newPostgresDatabase } from "../fixtures/postgresServer.ts";

const { alice, provider, signer, operator } = wallets;

/** Servers that run at once: one leader and those that can take over. */
const SERVERS = 3;

const REFUND_MICROS = 1_000n;
/** Micro-credits per smallest unit of the dollar. */
const MICROS_PER_UNIT = 100n;

/**
 * The longest time until another server has taken over. PostgreSQL notices a killed process at
 * once.
 */
const TAKEOVER_MS = 3_000;

describe("servers killed with SIGKILL", () => {
  let local: LocalContract;
  let databaseUrl: string;
  let database: Database;
  let checkpoints: CheckpointStore;
  let providerKey: string;
  let spender: Hex;
  let serverPool: ChildServer[] = [];
  const untestedSteps = [...SETTLEMENT_STEPS];
  let debitedMicros = 0n;
  /** the last checkpoint whose dispute window was skipped */
  let passed = 0n;

  before(async () => {
    local = await startContract();
    databaseUrl = await newPostgresDatabase();
    for (let n = 0; n < SERVERS; n++) startOne();
    const [url] = await Promise.all(serverPool.map((server) => server.url()));

    database = await openPgDatabase(databaseUrl, 2);
    checkpoints = createCheckpointStore(database);
    await local.buy(alice, 10_000_000n);
    await eventually("the purchase", async () => {
      const { purchased } = await createAccountStore(database).balance(addressOf(alice));
      return purchased > 0n;
    });
    providerKey = createApiKey();
    const message = { provider: addressOf(provider), keyHash: apiKeySpender(providerKey) };
    const typedData = providerKeyTypedData(local.deployment, message);
    const signature = await provider.account.signTypedData(typedData);
    await created(url, "/v1/provider-keys", { ...message, signature });
    const apiKey = createApiKey();
    spender = apiKeySpender(apiKey);
    const options = { spender, limitMicros: maxUint64, accountCapMicros: maxUint64, counter: 0n };
    const { wallet } = local.as(alice);
    const signed = await signAllowance(wallet, local.deployment, options);
    await createMeteringClient(url ?? "").addAllowance(signed, { apiKey });
    await createProviderStore(database).grantAccess({ spender, provider: message.provider });
  });
  afterEach(function () {
    if (this.currentTest?.isFailed() === true) {
      console.log(serverPool.map((server) => server.said()).join("\n\n"));
    }
  });
  after(async () => {
    await Promise.all(serverPool.map((server) => server.kill()));
    await database?.close();
    await local?.stop();
  });

  /**
   * Starts a server that is killed at a settlement step: by default the next untested one, then
   * none.
   */
  function startOne(step: SettlementStep | undefined = untestedSteps.shift()): void {
    serverPool.push(
      startChildServer(
        {
          RPC_URL: local.rpcUrl,
          CONTRACT_ADDRESS: local.contract,
          DATABASE_URL: databaseUrl,
          DATABASE_CONNECTIONS: "4",
          SIGNER_PRIVATE_KEYS: signer.privateKey,
          SETTLER_PRIVATE_KEY: operator.privateKey,
          SETTLE_INTERVAL_SECONDS: "1",
          BUMP_AFTER_MILLISECONDS: "1000",
          ...(step === undefined ? {} : { STOPS_AT: step }),
        },
        "test/fixtures/crashingServer.ts",
      ),
    );
  }

  /** Kills all servers and starts one. */
  async function replaceServers(step: SettlementStep | undefined): Promise<void> {
    await Promise.all(serverPool.map((server) => server.kill()));
    serverPool = [];
    startOne(step);
  }

  /**
   * Reports one event to every server at once, like a provider that retries after a lost answer.
   */
  async function debitEverywhere(): Promise<void> {
    const body = cloudEvent(spender);
    const urls = await Promise.all(serverPool.map((server) => server.url()));
    const answers = await Promise.all(
      urls.map((url) => send(new URL("/v1/usage", url).href, { key: providerKey, body })),
    );
    const costs = answers.map(({ document }) => document["costMicros"]);
    expect(new Set(costs).size, JSON.stringify(answers.map(({ document }) => document))).to.equal(
      1,
    );
    debitedMicros += BigInt(String(costs[0]));
  }

  const leaders = () => serverPool.filter((server) => server.said().includes("this server leads"));

  /** Debits once, then skips dispute windows until `isOver`. */
  async function settleUntil(what: string, isOver: () => Promise<boolean>): Promise<void> {
    await debitEverywhere();
    await eventually(what, async () => {
      if (await isOver()) return true;
      const latest = await checkpoints.latest();
      if (latest?.status === "pending" && latest.id !== passed) {
        passed = latest.id;
        await local.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      }
      return false;
    });
  }

  it("have one leader at a time, and another takes over within seconds of a kill at any step", async () => {
    const stopped: string[] = [];
    while (stopped.length < SETTLEMENT_STEPS.length) {
      const leader = await eventually("a leader", async () => leaders()[0]);
      let at = "";
      await settleUntil("the leader's step", async () => {
        [, at = ""] = /stopped at (\w+)/.exec(leader.said()) ?? [];
        return at !== "";
      });
      stopped.push(at);
      // A server that is stuck in settlement still meters.
      await debitEverywhere();
      expect(leaders()).to.deep.equal([leader]);

      serverPool = serverPool.filter((server) => server !== leader);
      const killedAt = performance.now();
      await leader.kill();
      // A server that is not killed would stay the leader, so it starts last.
      const others = serverPool.length;
      if (others === 0) startOne();
      await eventually("another leader", async () => leaders().length === 1);
      if (others > 0) expect(performance.now() - killedAt).to.be.lessThan(TAKEOVER_MS);
      if (untestedSteps.length > 0) startOne();
    }
    expect(stopped.toSorted()).to.deep.equal(SETTLEMENT_STEPS.toSorted());
  });

  it("finalise all debits once", async () => {
    await settleUntil("a final checkpoint with everything", async () => {
      const final = await checkpoints.latestFinal();
      return final?.message.spent === debitedMicros;
    });
    const { spent } = await createAccountStore(database).balance(addressOf(alice));
    expect(spent).to.equal(debitedMicros);
  });

  it("pay a refund once although two leaders are killed during it", async () => {
    const account = addressOf(alice);
    const dollars = await local.dollarsOf(account);
    await requestRefund(local.as(alice), REFUND_MICROS);
    const { id } = await eventually("a checkpoint with the refund, under way", async () => {
      const latest = await checkpoints.latest();
      const isOfRefund = latest?.status === "pending" && latest.message.refunded > 0n;
      return isOfRefund ? latest : null;
    });

    // With automatic mining, a sent transaction is already mined.
    for (const step of ["recorded", "mined"] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one leader after the other
      await replaceServers(step);
      // oxlint-disable-next-line no-await-in-loop
      if (step === "recorded") await local.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      // oxlint-disable-next-line no-await-in-loop
      await serverPool[0]?.hasSaid(`stopped at ${step}`);
    }
    await replaceServers(undefined);
    await eventually("the refund in the ledger", async () => {
      const { settled } = await createAccountStore(database).balance(account);
      return settled.refunded === REFUND_MICROS;
    });
    expect(await local.dollarsOf(account)).to.equal(dollars + REFUND_MICROS / MICROS_PER_UNIT);
    expect((await checkpoints.latestFinal())?.id).to.equal(id);
    const nonces = await database.query(
      "select distinct nonce from settler_transactions where purpose like 'settling %'",
    );
    expect(nonces).to.have.length(1);
  });

  it("submit each epoch once, with the only root that was signed for it", async () => {
    const submissions = await local.client.getContractEvents({
      address: local.contract,
      abi: computeCreditsAbi,
      eventName: "CheckpointSubmitted",
      fromBlock: 0n,
    });
    const onChain = submissions.map(({ args: { epoch, root } }) => ({ epoch, root }));
    expect(onChain.map(({ epoch }) => epoch)).to.deep.equal(onChain.map((_, n) => BigInt(n + 1)));
    expect(onChain.length).to.be.greaterThan(2);

    const signed = await database.query(
      `select distinct epoch, root from checkpoints
       where signing_at is not null or exists (select from checkpoint_signatures where checkpoint = checkpoints.id)
       order by epoch`,
    );
    expect(signed).to.deep.equal(onChain);
  });
});

async function created(url: string | undefined, path: string, body: unknown): Promise<void> {
  const { status, document } = await send(new URL(path, url).href, { body });
  if (status !== 201) throw new Error(`${path}: ${JSON.stringify(document)}`);
}
