import { expect } from "chai";
import { type Address, type Hex, encodeFunctionData, numberToHex } from "viem";
import { hardhat } from "viem/chains";

import { buyCredits, requestRefund } from "@compute-credits/client/chain/credits";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import { createRpcChainSource } from "@compute-credits/platform/chain/rpcChainSource";
import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { passBlock, passedHashes } from "../../server/stores/chain/passedBlocks.ts";
import { createAccountStore } from "../../server/stores/accounts/postgresAccountStore.ts";
import { createChainStore } from "../../server/stores/chain/postgresChainStore.ts";
import { claimDatabase } from "../../server/stores/chain/claimDatabase.ts";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Confirmations } from "@compute-credits/platform/chain/chainSource";
import type { Database } from "@compute-credits/platform/postgres/database";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import { databaseKinds } from "../fixtures/databases.ts";
import { sampled } from "../fixtures/effort.ts";
import { type FaultyRpc, type Meddler, onResultOf, startFaultyRpc } from "../fixtures/faultyRpc.ts";
import { RANGE_REFUSALS, RPC_FAULTS } from "../fixtures/rpcFaults.ts";
import { emptyDatabase } from "../fixtures/ledger.ts";
import { type LocalContract, startContract } from "../fixtures/localContract.ts";
import { addressOf } from "../fixtures/meteredStack.ts";

const { alice, bob } = wallets;
const OTHER_HASH: Hex = `0x${"77".repeat(32)}`;

interface IndexerOptions {
  readonly confirmations?: Confirmations;
  readonly blocksPerRequest?: bigint;
  readonly passedBlocks?: () => Promise<ReadonlySet<Hex>>;
}

for (const { name, open } of databaseKinds) {
  describe(`indexer on ${name}`, () => {
    // Endpoint faults do not depend on the database, so they run on one kind only.
    const isFirst = name === databaseKinds[0]?.name;
    let local: LocalContract;
    let proxy: FaultyRpc;
    let healthy: FaultyRpc;
    let chain: ChainReader;
    let contracts: readonly Address[];
    let database: Database;
    let snapshot: Hex;

    before(async () => {
      local = await startContract();
      [proxy, healthy] = [await startFaultyRpc(local.rpcUrl), await startFaultyRpc(local.rpcUrl)];
      chain = await createChainReader([local.rpcUrl], local.contract);
      contracts = [local.contract, await chain.court()];
      database = await open();
    });
    beforeEach(async () => {
      await emptyDatabase(database);
      await claimDatabase(
        database,
        local.deployment,
        await chain.origin({ named: null, isKnown: false }),
      );
      proxy.behave();
      snapshot = await local.chain.snapshot();
    });
    afterEach(() => local.chain.revert({ id: snapshot }));
    after(async () => {
      await Promise.all([proxy.stop(), healthy.stop()]);
      await database.close();
      await local.stop();
    });

    const balance = (of = alice) => createAccountStore(database).balance(addressOf(of));
    const purchased = async (of = alice) => (await balance(of)).purchased;
    const cursor = () => createChainStore(database).cursor();

    function indexer(urls: readonly string[], options: IndexerOptions = {}, into = database) {
      const source = createRpcChainSource(urls, contracts, {
        confirmations: 0n,
        blocksPerRequest: 1_000n,
        timeoutMs: 500,
        ...options,
      });
      const store = createChainStore(into);
      return {
        step: () => indexNextBlocks(source, store),
        async catchUp(): Promise<number> {
          for (let steps = 1; ; steps++) {
            if ((await indexNextBlocks(source, store)) === "done") return steps;
          }
        },
      };
    }

    /** What the next step says with the orders of the ledger; `null` if it succeeds. */
    async function stepError(): Promise<string | null> {
      const orders = { passedBlocks: () => passedHashes(database) };
      return await indexer([proxy.url], orders)
        .step()
        .then(
          () => null,
          (error: unknown) => String(error),
        );
    }

    async function send(by: TestWallet, to: Address, data: Hex): Promise<void> {
      const { account } = by;
      const { wallet } = local.as(by);
      const hash = await wallet.sendTransaction({ to, data, account, chain: hardhat });
      await local.client.waitForTransactionReceipt({ hash });
    }

    async function topUp(payer: TestWallet, account: Address, creditMicros: bigint) {
      const policy = {
        account,
        payer: addressOf(payer),
        keeper: addressOf(payer),
        creditMicrosPerTopUp: creditMicros,
        maxCreditMicrosPerPeriod: creditMicros,
        periodSeconds: 60n,
        startsAt: 0n,
        expiresAt: 2n ** 40n - 1n,
        salt: 0n,
      };
      const digest = await local.client.readContract({
        address: local.contract,
        abi: computeCreditsAbi,
        functionName: "hashTopUpPolicy",
        args: [policy],
      });
      const args = [policy, await payer.account.sign({ hash: digest })] as const;
      const call = { abi: computeCreditsAbi, functionName: "topUp", args } as const;
      await send(payer, local.contract, encodeFunctionData(call));
    }

    async function giveDollars(to: TestWallet, amount: bigint): Promise<void> {
      for (const call of [
        { abi: testDollarAbi, functionName: "mint", args: [addressOf(to), amount] },
        { abi: testDollarAbi, functionName: "approve", args: [local.contract, amount] },
      ] as const) {
        await send(to, local.token, encodeFunctionData(call));
      }
    }

    context("when the endpoint works", () => {
      it("applies purchases, gifts, top-ups, refund requests and counters once, in order", async () => {
        await local.buy(alice, 1_000n);
        await giveDollars(bob, 1_000n);
        await topUp(bob, addressOf(alice), 30n);
        await buyCredits(local.as(bob), { account: addressOf(alice), creditMicros: 200n });
        await requestRefund(local.as(alice), 500n);
        const revokeAll = { abi: computeCreditsAbi, functionName: "revokeAll" } as const;
        await send(alice, local.contract, encodeFunctionData(revokeAll));

        const following = indexer([proxy.url]);
        await following.catchUp();
        expect(await balance()).to.include({ purchased: 1_230n, refunding: 500n, counter: 2n });
        expect(await purchased(bob)).to.equal(0n);

        const before = await cursor();
        expect(await following.step()).to.equal("done");
        expect(await cursor()).to.deep.equal(before);
        expect(await balance()).to.include({ purchased: 1_230n, refunding: 500n, counter: 2n });
      });

      it("waits for the configured confirmations", async () => {
        await local.buy(alice, 1_000n);
        const following = indexer([proxy.url], { confirmations: 3n });
        await following.catchUp();
        expect(await purchased()).to.equal(0n);
        await local.chain.mine({ blocks: 2 });
        await following.catchUp();
        expect(await purchased()).to.equal(0n);
        await local.chain.mine({ blocks: 1 });
        await following.catchUp();
        expect(await purchased()).to.equal(1_000n);
      });

      for (const tag of ["safe", "finalized"] as const) {
        it(`waits until the chain marks a block as ${tag}`, async () => {
          const before = await local.client.getBlockNumber();
          await local.buy(alice, 1_000n);
          let tagged = before;
          proxy.meddle((call, ask) =>
            call.params[0] === tag ? ask([numberToHex(tagged), false]) : ask(),
          );
          const following = indexer([proxy.url], { confirmations: tag });
          await following.catchUp();
          expect((await cursor()).number).to.equal(before);
          expect(await purchased()).to.equal(0n);
          tagged = await local.client.getBlockNumber();
          await following.catchUp();
          expect(await purchased()).to.equal(1_000n);
        });
      }
    });

    context("when the chain is reorganised", () => {
      it("is not affected by fewer blocks than the confirmations", async () => {
        const following = indexer([proxy.url], { confirmations: 4n });
        const fork = await local.chain.snapshot();
        await local.buy(alice, 1_000n);
        await following.catchUp();
        await local.chain.revert({ id: fork });
        await local.buy(alice, 70n);
        await local.chain.mine({ blocks: 4 });
        await following.catchUp();
        expect(await purchased()).to.equal(70n);
      });

      it("throws and changes nothing if more blocks than the confirmations are replaced", async () => {
        const following = indexer([proxy.url], { confirmations: 1n });
        const fork = await local.chain.snapshot();
        await local.buy(alice, 1_000n);
        await local.chain.mine({ blocks: 1 });
        await following.catchUp();
        const before = await cursor();
        await local.chain.revert({ id: fork });
        await local.buy(alice, 70n);
        await local.chain.mine({ blocks: 5 });

        const failure = await following.step().catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(ReorgBeyondConfirmations);
        expect(failure).to.have.property("message").that.includes(before.hash);
        expect(await cursor()).to.deep.equal(before);
        expect(await purchased()).to.equal(1_000n);
      });

      it("trusts the endpoint that still has the blocks if only one endpoint reorganises", async () => {
        await local.buy(alice, 1_000n);
        const following = indexer([proxy.url, healthy.url]);
        await following.catchUp();
        await local.buy(alice, 70n);
        proxy.meddle(
          onResultOf("eth_getBlockByNumber", (block) => ({
            ...Object(block),
            hash: OTHER_HASH,
            parentHash: OTHER_HASH,
          })),
        );
        await following.catchUp();
        expect(await purchased()).to.equal(1_070n);
      });
    });

    for (const { what, message, meddler } of isFirst ? RPC_FAULTS : []) {
      context(`when an endpoint ${what}`, () => {
        it("throws, applies nothing, and continues after the fault", async () => {
          await local.buy(alice, 1_000n);
          const before = await cursor();
          proxy.meddle(meddler);
          const following = indexer([proxy.url]);
          const failure = await following.step().catch((error: unknown) => error);
          expect(String(failure)).to.match(message);
          expect(failure).not.to.be.instanceOf(ReorgBeyondConfirmations);
          expect(await cursor()).to.deep.equal(before);
          expect(await purchased()).to.equal(0n);

          proxy.behave();
          await following.catchUp();
          expect(await purchased()).to.equal(1_000n);
        });

        it("asks the next endpoint", async () => {
          await local.buy(alice, 1_000n);
          proxy.meddle(meddler);
          await indexer([proxy.url, healthy.url]).catchUp();
          expect(await purchased()).to.equal(1_000n);
        });
      });
    }

    context("when an endpoint leaves out one of the logs of a block, every time", () => {
      it("throws and applies nothing", async () => {
        await local.buy(alice, 1_000n);
        await requestRefund(local.as(alice), 500n);
        const before = await cursor();
        proxy.meddle(
          onResultOf("eth_getLogs", (logs) => (Array.isArray(logs) ? logs.slice(0, -1) : logs)),
        );
        const failure = await indexer([proxy.url])
          .step()
          .catch((error: unknown) => error);
        expect(String(failure)).to.match(/1 logs of block \d+ were left out/);
        expect(await cursor()).to.deep.equal(before);
      });
    });

    context("when a block's bloom filter is empty, although it has events", () => {
      it("reads it only after an order with its number and hash, which the log has", async () => {
        await local.buy(alice, 1_000n);
        const { number, hash } = await local.client.getBlock();
        proxy.meddle(emptyBloomsFrom(number));
        expect(await passBlock(database, { number, hash: OTHER_HASH })).to.equal("ordered");
        expect(await stepError()).to.include(`block ${number} (${hash}) does not contain`);
        expect(await purchased()).to.equal(0n);

        expect(await passBlock(database, { number, hash })).to.equal("ordered");
        expect(await passBlock(database, { number, hash })).to.equal("known");
        expect(await stepError()).to.equal(null);
        expect(await purchased()).to.equal(1_000n);
        expect(
          await database.query(
            "select body from log_notes where kind = 'passed_block' order by log_order desc",
          ),
        ).to.deep.equal([
          { body: { block: `${number}`, hash } },
          { body: { block: `${number}`, hash: OTHER_HASH } },
        ]);
        expect(await passBlock(database, { number, hash })).to.equal("already_read");
      });

      it("passes no other block, and no log that is left out of the block", async () => {
        await indexer([proxy.url]).catchUp();
        await local.buy(alice, 1_000n);
        const { number, hash } = await local.client.getBlock();
        await passBlock(database, { number, hash });
        proxy.meddle(async (call, ask) => {
          if (call.method === "eth_getLogs" && !("blockHash" in Object(call.params[0]))) {
            return { result: [] };
          }
          return await emptyBloomsFrom(number)(call, ask);
        });
        expect(await stepError()).to.include(`logs of block ${number} were left out`);

        proxy.meddle(emptyBloomsFrom(number));
        await local.buy(alice, 70n);
        const next = await local.client.getBlock();
        expect(await stepError()).to.include(`block ${next.number} (${next.hash})`);
        expect(await purchased()).to.equal(0n);
      });
    });

    context("when an endpoint lags or goes back", () => {
      it("waits and trusts the endpoint that is ahead", async () => {
        await local.buy(alice, 1_000n);
        const following = indexer([proxy.url]);
        await following.catchUp();
        const before = await cursor();
        proxy.meddle(onResultOf("eth_blockNumber", () => numberToHex(before.number - 2n)));
        expect(await following.step()).to.equal("done");
        expect(await cursor()).to.deep.equal(before);

        await local.buy(alice, 70n);
        expect(await following.step()).to.equal("done");
        await indexer([proxy.url, healthy.url]).catchUp();
        expect(await purchased()).to.equal(1_070n);
      });

      it("does not mistake a head that went back for an idle chain", async () => {
        await indexer([proxy.url]).catchUp();
        const { number } = await cursor();
        proxy.meddle(onResultOf("eth_blockNumber", () => numberToHex(number - 1n)));
        await indexer([proxy.url]).step();
        expect(await database.query("select quiet_at from chain_cursor")).to.deep.equal([
          { quiet_at: null },
        ]);
      });
    });

    context("when an endpoint refuses large ranges", () => {
      for (const { code, message } of isFirst
        ? sampled(RANGE_REFUSALS, 6)
        : RANGE_REFUSALS.slice(0, 1)) {
        it(`requests fewer until all events are applied: ${code} ${message}`, async () => {
          await local.buy(alice, 1_000n);
          await local.chain.mine({ blocks: 20 });
          await local.buy(alice, 70n);
          proxy.meddle((call, ask) => {
            if (call.method !== "eth_getLogs") return ask();
            const { fromBlock, toBlock } = Object(call.params[0]);
            return Number(toBlock) - Number(fromBlock) >= 3 ? { error: { code, message } } : ask();
          });
          const steps = await indexer([proxy.url]).catchUp();
          expect(steps).to.be.greaterThan(5);
          expect(await purchased()).to.equal(1_070n);
        });
      }

      it("requests fewer after a refusal by HTTP's status", async () => {
        await local.buy(alice, 1_000n);
        await local.chain.mine({ blocks: 20 });
        proxy.meddle((call, ask) => {
          if (call.method !== "eth_getLogs") return ask();
          const { fromBlock, toBlock } = Object(call.params[0]);
          return Number(toBlock) - Number(fromBlock) >= 3 ? { httpStatus: 413 } : ask();
        });
        await indexer([proxy.url]).catchUp();
        expect(await purchased()).to.equal(1_000n);
      });

      it("keeps the number of blocks if single ones are refused too", async () => {
        await local.buy(alice, 1_000n);
        await local.chain.mine({ blocks: 20 });
        const error = {
          code: -32005,
          message: "daily request count exceeded, request rate limited",
        };
        let isLimited = true;
        proxy.meddle((call, ask) =>
          call.method === "eth_getLogs" && isLimited ? { error } : ask(),
        );
        const following = indexer([proxy.url]);
        const failure = await following.step().catch((reason: unknown) => reason);
        expect(String(failure)).to.include("rate limited");
        isLimited = false;
        expect(await following.step()).to.equal("done");
        expect(await purchased()).to.equal(1_000n);
      });

      it("throws the endpoint's reason if a single block is refused", async () => {
        await local.buy(alice, 1_000n);
        const error = { code: -32602, message: "block range too large" };
        proxy.meddle((call, ask) => (call.method === "eth_getLogs" ? { error } : ask()));
        const failure = await indexer([proxy.url])
          .step()
          .catch((reason: unknown) => reason);
        expect(String(failure)).to.include("block range too large");
      });
    });

    context("when it is killed between any two statements", () => {
      it("has applied each event once after a restart", async () => {
        await local.buy(alice, 1_000n);
        await requestRefund(local.as(alice), 500n);
        await local.buy(alice, 70n);

        for (let statements = 0, isAlive = false; !isAlive; statements++) {
          await emptyDatabase(database);
          await claimDatabase(
            database,
            local.deployment,
            await chain.origin({ named: null, isKnown: false }),
          );
          const mortal = killedAfter(database, statements);
          isAlive = await indexer([proxy.url], { blocksPerRequest: 2n }, mortal)
            .catchUp()
            .then(
              () => true,
              () => false,
            );
          await indexer([proxy.url]).catchUp();
          expect(await balance()).to.include({ purchased: 1_070n, refunding: 500n, counter: 1n });
        }
      });
    });
  });
}

/** Empties the bloom filters of the blocks from this one on. */
function emptyBloomsFrom(first: bigint): Meddler {
  return onResultOf("eth_getBlockByNumber", (block) =>
    BigInt(Object(block).number) < first
      ? block
      : { ...Object(block), logsBloom: `0x${"00".repeat(256)}` },
  );
}

/**
 * Wraps a database whose connection fails after a number of statements, as if the process was
 * killed.
 */
function killedAfter(database: Database, statements: number): Database {
  let left = statements;
  function mortal<Sql extends Pick<Database, "query">>(sql: Sql): Sql {
    return {
      ...sql,
      async query(text: string, values?: readonly unknown[]) {
        if (left-- === 0) throw new Error("killed");
        return await sql.query(text, values);
      },
    };
  }
  return {
    ...mortal(database),
    transaction: (work, options) => database.transaction((tx) => work(mortal(tx)), options),
  };
}
