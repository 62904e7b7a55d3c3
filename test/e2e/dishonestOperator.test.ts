import { expect } from "chai";

import { requestRefund, settleRow } from "@compute-credits/client/chain/credits";
import { exit, exitWithoutProof, freeze } from "@compute-credits/client/chain/exit";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { refusalOf } from "../fixtures/refusalOf.ts";
import {
  type Forgery,
  type DishonestOperator,
  credits,
  dollars,
  rowOf,
  startDishonestOperator,
} from "../fixtures/dishonestOperator.ts";

const { alice, bob, provider, operator } = wallets;

/**
 * What a dishonest operator can try, and how each attempt ends: everybody leaves with what it is due, to the last unit.
 * How it began is told in `rig.ts`. Wallets act with what `client/` gives them and with what they kept, never with
 * anything that the operator would have to say.
 */
describe("a dishonest operator", () => {
  let rig: DishonestOperator;
  before(async () => {
    rig = await startDishonestOperator();
  });
  beforeEach(async () => await rig.remember());
  afterEach(async () => await rig.rewind());
  after(async () => await rig.stop());

  describe("charges more than was used", () => {
    it("Alice asks for her signature behind 500 credits; she signed for 400, and the checkpoint is dropped", async () => {
      const forgery = await rig.forge([
        rowOf(alice, { spent: credits(500) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
        rowOf(operator, { earned: credits(400) }),
      ]);
      await rig.post(forgery);
      const honestRoot = await rig.finalRoot();

      const court = await rig.courtFor(alice);
      await court.challengeRow(forgery.prove(alice));
      // The operator holds a signature of hers, and it is not enough.
      expect(await operatorsAnswer(rig, forgery)).to.contain("NotCovered");
      // While her question is open, no time makes the checkpoint final.
      await rig.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      expect(await rig.finalRoot()).to.equal(honestRoot);

      await rig.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await court.dropUnanswered(addressOf(alice), addressOf(alice));
      await court.withdrawStake();
      expect(await rig.pendingEpoch()).to.equal(0n);
      expect(await rig.finalRoot()).to.equal(honestRoot);
      await everybodyGetsOut();
    });

    it("a charge beyond what Alice ever bought needs no question: anyone drops the checkpoint at once", async () => {
      const forgery = await rig.forge([
        rowOf(alice, { spent: credits(1_100) }),
        rowOf(operator, { earned: credits(1_000) }),
      ]);
      await rig.post(forgery);

      await (await rig.courtFor(bob)).proveFraud([forgery.prove(alice)]);

      expect(await rig.pendingEpoch()).to.equal(0n);
      await everybodyGetsOut();
    });

    it("up to the ceiling that she signed the chain believes the operator: that much she trusted it with", async () => {
      const forgery = await rig.forge([
        rowOf(alice, { spent: credits(400) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
        rowOf(operator, { earned: credits(300) }),
      ]);
      await rig.post(forgery);
      await (await rig.courtFor(alice)).challengeRow(forgery.prove(alice));

      expect(await operatorsAnswer(rig, forgery)).to.equal("accepted");
    });
  });

  describe("ignores a refund", () => {
    it("the request runs out of time, anyone closes the vault, and all leave", async () => {
      await requestRefund(rig.as(alice), credits(200));
      expect(await refusalOf(freeze(rig.as(bob), addressOf(alice)))).to.contain("RefundNotOverdue");

      await rig.passTime(LOCAL_WINDOWS.refundWindowSeconds);
      await freeze(rig.as(bob), addressOf(alice));
      await everybodyExits();
    });
  });

  describe("vanishes with its database", () => {
    it("earnings of the final checkpoint are claimed as ever", async () => {
      await settleRow(rig.as(provider), rig.kept.provider);
      expect(await rig.gained(provider)).to.equal(dollars(1.47));
    });

    it("who kept a copy of the table settles everybody's row; who kept nothing leaves with what the chain knows", async () => {
      const { kept } = rig;
      await requestRefund(rig.as(bob), credits(450));
      await rig.passTime(LOCAL_WINDOWS.refundWindowSeconds);
      await freeze(rig.as(bob), addressOf(bob));

      // Bob mirrored the published rows. He settles Alice's too: else she could take out what she has spent.
      await exit(rig.as(bob), kept.bob.row, kept.bob.proof);
      await settleRow(rig.as(bob), kept.alice);
      await settleRow(rig.as(bob), kept.provider);

      const withoutProof = () => exitWithoutProof(rig.as(alice), addressOf(alice));
      expect(await refusalOf(withoutProof())).to.contain("ExitNeedsProof");
      await rig.passTime(LOCAL_WINDOWS.exitGraceSeconds);
      await withoutProof();
      await everybodyIsOut();
    });
  });

  describe("withholds the table of a checkpoint", () => {
    let hidden: Forgery;
    beforeEach(async () => {
      hidden = await rig.forge([
        rowOf(alice, { spent: credits(900) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
        rowOf(operator, { earned: credits(800) }),
      ]);
      await rig.post(hidden);
      await (await rig.courtFor(alice)).challengeOmission(rig.kept.alice);
    });

    it("Alice asks where her row is; nobody answers, and the checkpoint is dropped", async () => {
      await rig.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await (await rig.courtFor(bob)).dropUnanswered(addressOf(alice), addressOf(alice));

      expect(await rig.pendingEpoch()).to.equal(0n);
      await everybodyGetsOut();
    });

    it("an answer shows her row to all, and needs her signature: hiding a lie does not save it", async () => {
      expect(await operatorsAnswer(rig, hidden)).to.contain("NotCovered");
    });
  });

  describe("pays a provider less than it promised", () => {
    it("the provider shows its receipt; no row pays it, and the checkpoint is dropped", async () => {
      const { receipt, signatures } = rig.receipt;
      expect(receipt).to.deep.equal({
        provider: addressOf(provider),
        earned: credits(147),
        epoch: rig.kept.provider.epoch + 1n,
      });
      const forgery = await rig.forge([
        rowOf(alice, { spent: credits(100) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(146) }),
        rowOf(operator, { earned: credits(1) }),
      ]);
      await rig.post(forgery);

      const court = await rig.courtFor(provider);
      await court.challengeEarnings(receipt, signatures);
      const operators = await rig.courtFor(operator);
      const answer = operators.answer(addressOf(provider), forgery.prove(provider), 0n);
      expect(await refusalOf(answer)).to.contain("RowFallsShort");

      await rig.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await court.dropUnanswered(addressOf(provider), addressOf(provider));
      expect(await rig.pendingEpoch()).to.equal(0n);
      await everybodyGetsOut();
    });
  });

  describe("signs two truths for one epoch", () => {
    it("Bob shows both: half the bond is his, half covers the exits, and all leave", async () => {
      await rig.depositBond(dollars(100));
      const one = await rig.forge([
        rowOf(alice, { spent: credits(100) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
      ]);
      const other = await rig.forge([
        rowOf(alice, { spent: credits(400) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(operator, { earned: credits(447) }),
      ]);
      // One of them is posted; of the other it is enough that it was signed.
      await rig.post(other);

      await (await rig.courtFor(bob)).proveEquivocation(one, other);

      expect(await rig.pendingEpoch(), "what was pending is gone").to.equal(0n);
      await everybodyExits({ bobsReward: dollars(50), cover: dollars(50) });
    });
  });

  /** The operator does nothing any more: Bob asks for his credits, closes the vault when he gets none, and all leave. */
  async function everybodyGetsOut(): Promise<void> {
    await requestRefund(rig.as(bob), credits(450));
    await rig.passTime(LOCAL_WINDOWS.refundWindowSeconds);
    await freeze(rig.as(alice), addressOf(bob));
    await everybodyExits();
  }

  async function everybodyExits(extra = { bobsReward: 0n, cover: 0n }): Promise<void> {
    const { kept } = rig;
    await exit(rig.as(bob), kept.bob.row, kept.bob.proof);
    await exit(rig.as(alice), kept.alice.row, kept.alice.proof);
    await exit(rig.as(provider), kept.provider.row, kept.provider.proof);
    await everybodyIsOut(extra);
  }

  async function everybodyIsOut(
    { bobsReward, cover } = { bobsReward: 0n, cover: 0n },
  ): Promise<void> {
    expect(await rig.gained(alice), "Alice: 900 credits").to.equal(dollars(9));
    expect(await rig.gained(bob), "Bob: 450").to.equal(dollars(4.5) + bobsReward);
    expect(await rig.gained(provider), "the provider: 147").to.equal(dollars(1.47));
    expect(await rig.leftAfterFees(), "owed to nobody").to.equal(cover);
  }
});

/** The operator answers Alice's question with all that it has: her row, and the allowance that she once signed. */
async function operatorsAnswer(rig: DishonestOperator, forgery: Forgery): Promise<string> {
  const court = await rig.courtFor(operator);
  await court.recordCap(rig.aliceAllowance);
  const { counter } = rig.aliceAllowance.allowance;
  return await refusalOf(court.answer(addressOf(alice), forgery.prove(alice), counter));
}
