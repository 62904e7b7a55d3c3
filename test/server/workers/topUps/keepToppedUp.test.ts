import { expect } from "chai";
import type { Hex } from "viem";

import { KEEPER_STEPS, type KeeperProbe } from "@compute-credits/platform/chain/keeperChain";
import { revokeTopUp } from "@compute-credits/client/chain/topUps";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { wallets } from "../../../../scripts/local/wallets.ts";
import { noteOf } from "../../../../server/workers/topUps/keepToppedUp.ts";
import { noAnvil } from "../../../fixtures/anvil.ts";
import { type KeeperRig, startKeeperRig } from "../../../fixtures/keeperRig.ts";

const TOP_UP = 10_000_000n;

/** More rounds than any of these tests needs. */
const MOST_ROUNDS = 40;

class Killed extends Error {}

const at = (seconds: number) => new Date(seconds * 1_000);

describe("the keeper, on a chain that can reorganise", function () {
  this.timeout(300_000);
  let rig: KeeperRig;

  before(async function () {
    if (noAnvil !== null) {
      console.log(`      skipped: ${noAnvil}`);
      this.skip();
    }
    rig = await startKeeperRig();
  });
  after(() => rig?.stop());
  afterEach(() => rig.node.setAutomine(true));

  type Ledger = Awaited<ReturnType<KeeperRig["openLedger"]>>;

  /** Lets a keeper work, blocks pass and the ledger follow, until nothing is left to do. */
  async function untilRest(ledger: Ledger, keeper: ReturnType<Ledger["keeperThat"]>, id: Hex) {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      await ledger.index();
      // oxlint-disable-next-line no-await-in-loop
      const left = await keeper.step();
      // oxlint-disable-next-line no-await-in-loop
      const [last] = await ledger.store.topUpsOf([id], 1);
      if (left === "done" && last?.state !== "open") return;
      // oxlint-disable-next-line no-await-in-loop
      await rig.mine();
    }
    throw new Error("the keeper does not come to rest");
  }

  it("buys up to the target, and then rests", async () => {
    const ledger = await rig.openLedger();
    const { id } = await ledger.addPolicy();
    await untilRest(ledger, ledger.keeperThat(), id);
    const topUps = await ledger.store.topUpsOf([id], 100);
    expect(new Set(topUps.map(({ state }) => state))).to.deep.equal(new Set(["bought"]));
    expect(await ledger.boughtMicros(id)).to.equal(TOP_UP * BigInt(topUps.length));
    expect(topUps).to.have.length(5);
  });

  for (const step of KEEPER_STEPS) {
    for (const mining of [true, false]) {
      it(`killed after "${step}" with blocks ${mining ? "at once" : "late"}: buys each once`, async () => {
        const ledger = await rig.openLedger();
        const { id } = await ledger.addPolicy({ times: 1n });
        const killed = { yet: false };
        const dying: KeeperProbe = async (done) => {
          if (done !== step || killed.yet) return;
          killed.yet = true;
          throw new Killed();
        };
        await ledger.index();
        const before = await ledger.boughtMicros(id);
        const first = ledger.keeperThat(dying);
        await rig.node.setAutomine(mining);
        for (let round = 0; round < MOST_ROUNDS && !killed.yet; round += 1) {
          // oxlint-disable-next-line no-await-in-loop -- one round after the other
          await ledger.index();
          // oxlint-disable-next-line no-await-in-loop
          await first.step().catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error;
          });
          // oxlint-disable-next-line no-await-in-loop
          if (!killed.yet) await rig.mine();
        }
        expect(killed.yet).to.equal(true);
        await rig.node.setAutomine(true);
        await untilRest(ledger, ledger.keeperThat(), id);
        expect(await ledger.boughtMicros(id)).to.equal(before + TOP_UP);
        const topUps = await ledger.store.topUpsOf([id], 100);
        expect(topUps.filter(({ state }) => state === "bought")).to.have.length(1);
      });
    }
  }

  it("with two keepers at the same time: buys each once, up to the target", async () => {
    const ledger = await rig.openLedger();
    const { id } = await ledger.addPolicy();
    const both = [ledger.keeperThat(), ledger.keeperThat()];
    for (let round = 0; round < 20; round += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one round after the other
      await ledger.index();
      // oxlint-disable-next-line no-await-in-loop
      await Promise.all(both.map((keeper) => keeper.step()));
      // oxlint-disable-next-line no-await-in-loop
      await rig.mine();
    }
    const bought = (await ledger.store.topUpsOf([id], 100)).filter((one) => one.state === "bought");
    expect(await ledger.boughtMicros(id)).to.equal(TOP_UP * BigInt(bought.length));
    expect(bought).to.have.length(5);
    expect(await ledger.purchased()).to.equal(5n * TOP_UP);
  });

  it("after a reorg that takes the block back: sends the same nonce again, and buys once", async () => {
    const ledger = await rig.openLedger();
    const { id } = await ledger.addPolicy({ times: 1n });
    const keeper = ledger.keeperThat();
    await ledger.index();
    await keeper.step();
    await keeper.step();
    expect(await ledger.boughtMicros(id)).to.equal(TOP_UP);
    await rig.reorganise(1);
    expect(await ledger.boughtMicros(id)).to.equal(0n);
    await untilRest(ledger, keeper, id);
    expect(await ledger.boughtMicros(id)).to.equal(TOP_UP);
    expect((await ledger.store.topUpsOf([id], 100)).map(({ state }) => state)).to.include("bought");
  });

  it("stopped while its transaction is pending: one of the two is mined, and says which", async () => {
    const ledger = await rig.openLedger();
    const { id } = await ledger.addPolicy();
    const keeper = ledger.keeperThat();
    await ledger.index();
    await rig.node.setAutomine(false);
    await keeper.step();
    await keeper.step();
    expect((await ledger.store.topUpsOf([id], 1))[0]).to.include({ state: "open", attempts: 1 });
    const stopped = await ledger.store.stop(ledger.account, id);
    expect(stopped?.stoppedAs).to.equal("owner");
    await keeper.step();
    await rig.node.setAutomine(true);
    await untilRest(ledger, keeper, id);
    expect((await ledger.store.topUpsOf([id], 1))[0]?.state).to.equal("cancelled");
    expect(await ledger.boughtMicros(id)).to.equal(0n);
  });

  it("revoked in the block of its transaction: buys once or never, and then stops", async () => {
    const ledger = await rig.openLedger();
    const { id, message } = await ledger.addPolicy();
    const keeper = ledger.keeperThat();
    await ledger.index();
    await rig.node.setAutomine(false);
    await keeper.step();
    await keeper.step();
    const { wallet } = rig.local.as(wallets.alice);
    const hash = await wallet.writeContract({
      address: rig.local.contract,
      abi: computeCreditsAbi,
      functionName: "revokeTopUp",
      args: [message],
      gas: 200_000n,
      account: wallets.alice.account,
      chain: rig.local.client.chain,
      maxFeePerGas: 400_000_000_000n,
      maxPriorityFeePerGas: 100_000_000_000n,
    });
    await rig.node.setAutomine(true);
    await rig.mine(1);
    const { status } = await rig.local.client.waitForTransactionReceipt({ hash });
    expect(status).to.equal("success");
    await untilRest(ledger, keeper, id);
    const topUps = await ledger.store.topUpsOf([id], 100);
    const bought = topUps.filter(({ state }) => state === "bought").length;
    expect(bought).to.be.at.most(1);
    expect(await ledger.boughtMicros(id)).to.equal(BigInt(bought) * TOP_UP);
    expect(await ledger.store.policy(id)).to.include({ stoppedAs: "revoked" });
  });

  it("revoked on chain before anything was sent: buys nothing, and stops", async () => {
    const ledger = await rig.openLedger();
    const { id, message } = await ledger.addPolicy();
    const keeper = ledger.keeperThat();
    await ledger.index();
    await keeper.step();
    await revokeTopUp(rig.local.as(wallets.alice), message);
    await untilRest(ledger, keeper, id);
    expect(await ledger.boughtMicros(id)).to.equal(0n);
    expect(await ledger.store.policy(id)).to.include({ stoppedAs: "revoked" });
    expect((await ledger.store.topUpsOf([id], 1))[0]).to.include({ state: "refused", nonce: null });
  });

  it("a payer without tokens: waits, longer each time, and says why", async () => {
    const ledger = await rig.openLedger();
    const { id } = await ledger.addPolicy({ payerKey: wallets.provider });
    const keeper = ledger.keeperThat();
    await ledger.index();
    await keeper.step();
    await keeper.step();
    const refused = await ledger.store.policy(id);
    expect(refused?.refusals).to.equal(1);
    expect(refused?.refusal).to.match(/^its payer has /);
    expect(refused?.retryAt).to.be.an.instanceOf(Date);
    expect(await keeper.step()).to.equal("done");
    expect(await ledger.store.topUpsOf([id], 10)).to.have.length(1);
    const [event] = await ledger.database.query<{ most: number }>(
      "update top_up_policies set refusals = 9, retry_at = '-infinity' where id is not null returning 1 as most",
    );
    expect(event).to.not.equal(undefined);
    await keeper.step();
    await keeper.step();
    expect(await ledger.store.policy(id)).to.include({ stoppedAs: "refusals", refusals: 10 });
    expect(await keeper.step()).to.equal("done");
  });
});

describe("what follows from a refused top-up", () => {
  const message = {
    account: "0x01",
    payer: "0x01",
    keeper: "0x01",
    creditMicrosPerTopUp: 1n,
    maxCreditMicrosPerPeriod: 1n,
    periodSeconds: 100n,
    startsAt: 1_000n,
    expiresAt: 1_300n,
    salt: 0n,
  } as const;
  const limit = { error: "TopUpLimitReached", message: "" };

  it("waits for the next period, if there is one", () => {
    expect(noteOf({ message }, limit, at(1_150))).to.include({ stop: null });
    expect(noteOf({ message }, limit, at(1_150)).until).to.deep.equal(at(1_200));
    expect(noteOf({ message }, limit, at(1_250)).stop).to.equal("used_up");
    const once = { ...message, periodSeconds: 0n };
    expect(noteOf({ message: once }, limit, at(1_150)).stop).to.equal("used_up");
  });

  it("stops for good after a revocation", () => {
    const revoked = { error: "TopUpPolicyRevoked", message: "" };
    expect(noteOf({ message }, revoked, at(1_150)).stop).to.equal("revoked");
  });
});
