import { expect } from "chai";
import { type Address, createPublicClient, http } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { createDepositChain } from "@compute-credits/platform/chain/depositChain";
import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import { noProbe } from "@compute-credits/platform/chain/probe";
import { createTransactionSender } from "@compute-credits/platform/chain/transactionSender";
import type { Database } from "@compute-credits/platform/postgres/database";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { depositAddressOf } from "@compute-credits/protocol/depositAddress";
import { sweepDeposit } from "@compute-credits/client/chain/deposits";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { deployContract } from "../../../../scripts/local/deployLocal.ts";
import { mintDollars } from "../../../../scripts/local/mintDollars.ts";
import { wallets, workerWallets } from "../../../../scripts/local/wallets.ts";
import { createDepositWatchStore } from "../../../../server/stores/deposits/postgresDepositWatchStore.ts";
import { createTransactionStore } from "../../../../server/stores/settlement/postgresTransactionStore.ts";
import { sweepDeposits } from "../../../../server/workers/deposits/sweepDeposits.ts";
import { postgres } from "../../../fixtures/databases.ts";
import { type LocalContract, startContract } from "../../../fixtures/localContract.ts";

const { bob, operator } = wallets;
const { sweeper } = workerWallets;
const DOLLAR = 1_000_000n;
const PER_DOLLAR = 100n * 1_000_000n;
const WORTH = 50n * 1_000_000n;
const MOST = 300;

const newAccount = () => lowercaseHex(privateKeyToAccount(generatePrivateKey()).address);

describe("the sweeper of deposit addresses", function () {
  this.timeout(120_000);
  let local: LocalContract;
  let depositAddresses: Address;
  let database: Database;
  let watches: ReturnType<typeof createDepositWatchStore>;

  before(async () => {
    local = await startContract();
    depositAddresses = await deployContract(local.rpcUrl, "DepositAddresses", [local.contract]);
  });
  after(() => local.stop());
  beforeEach(async () => {
    database = await postgres.open();
    watches = createDepositWatchStore(database, { most: MOST });
  });
  afterEach(() => database.close());

  async function arrive(account: Address, tokenAmount: bigint): Promise<void> {
    const to = depositAddressOf(depositAddresses, account);
    await mintDollars(local.as(bob), { token: local.token, by: bob.account, to, tokenAmount });
  }

  async function watched(tokenAmount: bigint): Promise<Address> {
    const account = newAccount();
    await watches.watch(account);
    if (tokenAmount > 0n) await arrive(account, tokenAmount);
    return account;
  }

  async function step(): Promise<"done" | "more"> {
    const { chainId, contract } = local.deployment;
    const rpcUrls = [local.rpcUrl];
    const signer = createLocalSigner(sweeper.privateKey);
    return await sweepDeposits({
      chain: createDepositChain({ rpcUrls, contract, depositAddresses }),
      watches,
      send: createTransactionSender(
        createPublicClient({ transport: http(local.rpcUrl), cacheTime: 0 }),
        signer,
        createTransactionStore(database),
        { chainId, bumpAfterMs: 10_000, maxFeePerGas: 500_000_000_000n, probe: noProbe },
      ),
      sweeper: signer.address,
      worthMicros: WORTH,
      lookSeconds: 0,
    });
  }

  const transactions = () => local.client.getTransactionCount({ address: sweeper.account.address });

  const creditsOf = (account: Address) =>
    local.client.readContract({
      address: local.contract,
      abi: computeCreditsAbi,
      functionName: "balanceOf",
      args: [account],
    });

  async function onChain(
    address: Address,
    call:
      | { readonly functionName: "setBlacklisted"; readonly args: readonly [Address, boolean] }
      | { readonly functionName: "pause" | "unpause" },
  ): Promise<void> {
    const { wallet, client } = local.as(operator);
    const sender = { address, account: operator.account, chain: client.chain };
    const hash =
      call.functionName === "setBlacklisted"
        ? await wallet.writeContract({ ...sender, abi: testDollarAbi, ...call })
        : await wallet.writeContract({ ...sender, abi: computeCreditsAbi, ...call });
    await client.waitForTransactionReceipt({ hash });
  }

  it("sweeps what is worth its gas, in one transaction, and leaves the rest", async () => {
    const rich = await Promise.all([watched(0n), watched(0n), watched(0n)]);
    for (const account of rich) {
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends them
      await arrive(account, DOLLAR);
    }
    const poor = await watched(DOLLAR / 4n);
    const unwatched = newAccount();
    await arrive(unwatched, DOLLAR);
    const before = await transactions();
    await step();
    expect((await transactions()) - before).to.equal(1);
    expect(await Promise.all(rich.map(creditsOf))).to.deep.equal(rich.map(() => PER_DOLLAR));
    expect(await creditsOf(poor)).to.equal(0n);
    expect(await creditsOf(unwatched)).to.equal(0n);
    const [one] = rich;
    const watch = one === undefined ? null : await watches.read(one);
    expect(watch?.sweptAt).to.be.an.instanceOf(Date);
    // What was a quarter becomes worth it with the next deposit.
    await arrive(poor, DOLLAR / 4n);
    await step();
    expect(await creditsOf(poor)).to.equal(PER_DOLLAR / 2n);
  });

  it("one that the token refuses waits alone, says why, and stops no other", async () => {
    const [bad, good] = [await watched(DOLLAR), await watched(DOLLAR)];
    const at = depositAddressOf(depositAddresses, bad);
    await onChain(local.token, { functionName: "setBlacklisted", args: [at, true] });
    await step();
    expect(await creditsOf(good)).to.equal(PER_DOLLAR);
    expect(await creditsOf(bad)).to.equal(0n);
    const watch = await watches.read(bad);
    expect(watch?.refusal).to.be.a("string").and.not.equal("");
    expect(await watches.takeDue(10, 0)).to.not.include(bad);
    await onChain(local.token, { functionName: "setBlacklisted", args: [at, false] });
    await database.query("update deposit_watches set retry_at = '-infinity'");
    await step();
    expect(await creditsOf(bad)).to.equal(PER_DOLLAR);
    expect(await watches.read(bad)).to.include({ refusal: null, refusedAt: null });
  });

  it("while the vault is paused: sends nothing and writes no refusal; afterwards all is swept", async () => {
    const account = await watched(DOLLAR);
    await onChain(local.contract, { functionName: "pause" });
    const before = await transactions();
    await step();
    expect(await transactions()).to.equal(before);
    expect(await watches.read(account)).to.include({ refusal: null });
    await onChain(local.contract, { functionName: "unpause" });
    await step();
    expect(await creditsOf(account)).to.equal(PER_DOLLAR);
  });

  it("what a stranger has swept is credited once, and asks for nothing more", async () => {
    const account = await watched(DOLLAR);
    const { client, wallet } = local.as(bob);
    await sweepDeposit({ client, wallet, depositAddresses }, account);
    const before = await transactions();
    await step();
    expect(await transactions()).to.equal(before);
    expect(await creditsOf(account)).to.equal(PER_DOLLAR);
  });

  it("after the chain took its sweep back: sweeps again, and credits once", async () => {
    const account = await watched(DOLLAR);
    const id = await local.chain.snapshot();
    await step();
    expect(await creditsOf(account)).to.equal(PER_DOLLAR);
    await local.chain.revert({ id });
    expect(await creditsOf(account)).to.equal(0n);
    await step();
    expect(await creditsOf(account)).to.equal(PER_DOLLAR);
  });

  it("more than fit into one transaction are swept in several", async () => {
    const accounts: Address[] = [];
    for (let i = 0; i < 25; i += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends them
      accounts.push(await watched(DOLLAR));
    }
    const before = await transactions();
    await step();
    expect((await transactions()) - before).to.equal(2);
    expect(await Promise.all(accounts.map(creditsOf))).to.deep.equal(
      accounts.map(() => PER_DOLLAR),
    );
  });

  it("watches no more than it may, prolongs what it has, and ends what is idle", async () => {
    const few = createDepositWatchStore(database, { most: 2 });
    const [first, second, third] = [newAccount(), newAccount(), newAccount()];
    expect(await few.watch(first)).to.not.equal(null);
    expect(await few.watch(second)).to.not.equal(null);
    expect(await few.watch(third)).to.equal(null);
    expect(await few.watch(first)).to.not.equal(null);
    await database.query(
      "update deposit_watches set watched_until = clock_timestamp() where account = $1",
      [Buffer.from(second.slice(2), "hex")],
    );
    expect(await few.read(second)).to.equal(null);
    expect(await few.watch(third)).to.not.equal(null);
  });
});
