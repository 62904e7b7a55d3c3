import { expect } from "chai";
import { type Address, type TestClient, createTestClient, http } from "viem";
import { foundry } from "viem/chains";

import { migrateLedger } from "../../server/stores/migrateLedger.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { deployLocal } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { createRpcChainSource } from "@compute-credits/platform/chain/rpcChainSource";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { createAccountStore } from "../../server/stores/accounts/postgresAccountStore.ts";
import { createChainStore } from "../../server/stores/chain/postgresChainStore.ts";
import { claimDatabase } from "../../server/stores/chain/claimDatabase.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Confirmations } from "@compute-credits/platform/chain/chainSource";
import type { Database } from "@compute-credits/platform/postgres/database";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import { type Anvil, noAnvil, startAnvil } from "../fixtures/anvil.ts";
import { startChildServer } from "../fixtures/childServer.ts";
import { emptyDatabase } from "../fixtures/ledger.ts";
import { contractAt } from "../fixtures/localContract.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { newPostgresDatabase } from "../fixtures/postgresServer.ts";

const alice = addressOf(wallets.alice);

describe("indexer on a chain that is reorganised by its node", () => {
  let anvil: Anvil;
  let local: ReturnType<typeof contractAt>;
  let node: TestClient;
  let chain: ChainReader;
  let contracts: readonly Address[];
  let databaseUrl: string;
  let database: Database;

  before(async function () {
    if (noAnvil !== null) {
      console.log(`      skipped: ${noAnvil}`);
      this.skip();
    }
    anvil = await startAnvil();
    const { contract, token } = await deployLocal(anvil.rpcUrl);
    local = contractAt(anvil.rpcUrl, contract, token);
    node = createTestClient({ chain: foundry, mode: "anvil", transport: http(anvil.rpcUrl) });
    chain = await createChainReader([anvil.rpcUrl], contract);
    contracts = [contract, await chain.court()];
    databaseUrl = await newPostgresDatabase();
    database = await openPgDatabase(databaseUrl, 2);
    await migrateLedger(database);
  });
  beforeEach(async () => {
    await emptyDatabase(database);
    await claimDatabase(
      database,
      local.deployment,
      await chain.origin({ named: null, isKnown: false }),
    );
  });
  after(async () => {
    await database?.close();
    await anvil?.stop();
  });

  const purchased = async () => (await createAccountStore(database).balance(alice)).purchased;
  const cursor = () => createChainStore(database).cursor();
  const head = () => local.client.getBlockNumber();

  /** Buys credits. Returns the number of blocks that it took. */
  async function buy(creditMicros: bigint): Promise<number> {
    const before = await head();
    await local.buy(wallets.alice, creditMicros);
    return Number((await head()) - before);
  }

  /** Replaces the newest blocks by as many empty ones. */
  const reorganise = (depth: number) =>
    node.request<{ Parameters: [number, []]; ReturnType: null }>({
      method: "anvil_reorg",
      params: [depth, []],
    });

  /** Removes the newest blocks. */
  const rollBack = (depth: number) =>
    node.request<{ Parameters: [number]; ReturnType: null }>({
      method: "anvil_rollback",
      params: [depth],
    });

  function indexer(confirmations: Confirmations) {
    const source = createRpcChainSource([anvil.rpcUrl], contracts, {
      confirmations,
      blocksPerRequest: 1_000n,
      timeoutMs: 2_000,
    });
    const store = createChainStore(database);
    const step = () => indexNextBlocks(source, store);
    return {
      step,
      async catchUp(): Promise<void> {
        while ((await step()) !== "done");
      },
    };
  }

  it("is not affected by repeated reorganisations of fewer blocks than the confirmations", async () => {
    const following = indexer(5n);
    await following.catchUp();
    const before = await purchased();
    for (const creditMicros of [1_000n, 2_000n, 3_000n]) {
      const blocks = await buy(creditMicros);
      expect(blocks).to.be.lessThanOrEqual(4);
      await following.catchUp();
      await reorganise(blocks);
      await following.catchUp();
    }
    await buy(70n);
    await node.mine({ blocks: 5 });
    await following.catchUp();
    expect(await purchased()).to.equal(before + 70n);
  });

  it("applies an event once if it reappears in another block", async () => {
    const following = indexer(4n);
    await following.catchUp();
    const before = await purchased();
    const mined = await local.client.getBlock({ blockTag: "latest" });
    const blocks = await buy(500n);
    await rollBack(blocks);
    expect(await head()).to.equal(mined.number);
    await node.mine({ blocks: 1 });
    await buy(500n);
    await node.mine({ blocks: 4 });
    await following.catchUp();
    expect(await purchased()).to.equal(before + 500n);
  });

  for (const [what, reorg] of [
    ["replaced", reorganise],
    ["taken away", rollBack],
  ] as const) {
    it(`throws and changes nothing if more blocks than the confirmations are ${what}`, async () => {
      const following = indexer(1n);
      const bought = await buy(1_000n);
      await node.mine({ blocks: 1 });
      await following.catchUp();
      const [known, before] = [await cursor(), await purchased()];

      await reorg(bought + 1);
      // Without a newer block it looks like a lagging endpoint.
      expect(await following.step()).to.equal("done");
      await buy(70n);
      await node.mine({ blocks: 4 });
      const failure = await following.step().catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(ReorgBeyondConfirmations);
      expect(failure).to.have.property("message").that.includes(known.hash);
      expect(await cursor()).to.deep.equal(known);
      expect(await purchased()).to.equal(before);
    });
  }

  it("ends the server with exit code 1 and the reason if finalized blocks are replaced", async () => {
    const server = startChildServer({
      RPC_URL: anvil.rpcUrl,
      CONTRACT_ADDRESS: local.contract,
      DATABASE_URL: databaseUrl,
      CONFIRMATIONS: "finalized",
    });
    try {
      const before = await purchased();
      await buy(1_000n);
      await node.mine({ blocks: 2 });
      await eventually("the purchase", async () => (await purchased()) > before);
      const { hash } = await cursor();

      // Not finalized yet, so nothing happens.
      await reorganise(1);
      await node.mine({ blocks: 1 });
      const { number } = await cursor();
      await eventually("the next block", async () => (await cursor()).number > number);
      expect(server.process.exitCode).to.equal(null);

      await reorganise(5);
      await node.mine({ blocks: 3 });
      await eventually("the server's end", async () => server.process.exitCode !== null);
      expect(await server.ended).to.equal(1);
      expect(server.said()).to.include("ReorgBeyondConfirmations");
      expect(hash).to.not.equal((await local.client.getBlock({ blockTag: "finalized" })).hash);
    } finally {
      await server.kill();
    }
  });
});
