import { expect } from "chai";

import { requestRefund, settleRow } from "@compute-credits/client/chain/credits";
import { exit, exitWithoutProof, freeze } from "@compute-credits/client/chain/exit";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { refusalOf } from "../fixtures/refusalOf.ts";
import {
  type Forgery,
  type Theatre,
  credits,
  dollars,
  rowOf,
  startTheatre,
} from "../fixtures/dishonestOperator.ts";

const { alice, bob, provider, operator } = wallets;

/**
 * What a dishonest operator can try, and how each attempt ends: everybody leaves with what it is due, to the last unit.
 * How it began is told in `theatre.ts`. Wallets act with what `client/` gives them and with what they kept, never with
 * anything that the operator would have to say.
 */
describe("a dishonest operator", () => {
  let theatre: Theatre;
  before(async () => {
    theatre = await startTheatre();
  });
  beforeEach(async () => await theatre.remember());
  afterEach(async () => await theatre.rewind());
  after(async () => await theatre.stop());

  describe("charges more than was used", () => {
    it("Alice asks for her signature behind 500 credits; she signed for 400, and the checkpoint is dropped", async () => {
      const forgery = await theatre.forge([
        rowOf(alice, { spent: credits(500) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
        rowOf(operator, { earned: credits(400) }),
      ]);
      await theatre.post(forgery);
      const honestRoot = await theatre.finalRoot();

      const court = await theatre.courtFor(alice);
      await court.challengeRow(forgery.prove(alice));
      // The operator holds a signature of hers, and it is not enough.
      expect(await operatorsAnswer(theatre, forgery)).to.contain("NotCovered");
      // While her question is open, no time makes the checkpoint final.
      await theatre.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      expect(await theatre.finalRoot()).to.equal(honestRoot);

      await theatre.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await court.dropUnanswered(addressOf(alice), addressOf(alice));
      await court.withdrawStake();
      expect(await theatre.pendingEpoch()).to.equal(0n);
      expect(await theatre.finalRoot()).to.equal(honestRoot);
      await everybodyGetsOut();
    });

    it("a charge beyond what Alice ever bought needs no question: anyone drops the checkpoint at once", async () => {
      const forgery = await theatre.forge([
        rowOf(alice, { spent: credits(1_100) }),
        rowOf(operator, { earned: credits(1_000) }),
      ]);
      await theatre.post(forgery);

      await (await theatre.courtFor(bob)).proveFraud([forgery.prove(alice)]);

      expect(await theatre.pendingEpoch()).to.equal(0n);
      await everybodyGetsOut();
    });

    it("up to the ceiling that she signed the chain believes the operator: that much she trusted it with", async () => {
      const forgery = await theatre.forge([
        rowOf(alice, { spent: credits(400) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
        rowOf(operator, { earned: credits(300) }),
      ]);
      await theatre.post(forgery);
      await (await theatre.courtFor(alice)).challengeRow(forgery.prove(alice));

      expect(await operatorsAnswer(theatre, forgery)).to.equal("accepted");
    });
  });

  describe("ignores a refund", () => {
    it("the request runs out of time, anyone closes the vault, and all leave", async () => {
      await requestRefund(theatre.as(alice), credits(200));
      expect(await refusalOf(freeze(theatre.as(bob), addressOf(alice)))).to.contain(
        "RefundNotOverdue",
      );

      await theatre.passTime(LOCAL_WINDOWS.refundWindowSeconds);
      await freeze(theatre.as(bob), addressOf(alice));
      await everybodyExits();
    });
  });

  describe("vanishes with its database", () => {
    it("earnings of the final checkpoint are claimed as ever", async () => {
      await settleRow(theatre.as(provider), theatre.kept.provider);
      expect(await theatre.gained(provider)).to.equal(dollars(1.47));
    });

    it("who kept a copy of the table settles everybody's row; who kept nothing leaves with what the chain knows", async () => {
      const { kept } = theatre;
      await requestRefund(theatre.as(bob), credits(450));
      await theatre.passTime(LOCAL_WINDOWS.refundWindowSeconds);
      await freeze(theatre.as(bob), addressOf(bob));

      // Bob mirrored the published rows. He settles Alice's too: else she could take out what she has spent.
      await exit(theatre.as(bob), kept.bob.row, kept.bob.proof);
      await settleRow(theatre.as(bob), kept.alice);
      await settleRow(theatre.as(bob), kept.provider);

      const withoutProof = () => exitWithoutProof(theatre.as(alice), addressOf(alice));
      expect(await refusalOf(withoutProof())).to.contain("ExitNeedsProof");
      await theatre.passTime(LOCAL_WINDOWS.exitGraceSeconds);
      await withoutProof();
      await everybodyIsOut();
    });
  });

  describe("withholds the table of a checkpoint", () => {
    let hidden: Forgery;
    beforeEach(async () => {
      hidden = await theatre.forge([
        rowOf(alice, { spent: credits(900) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
        rowOf(operator, { earned: credits(800) }),
      ]);
      await theatre.post(hidden);
      await (await theatre.courtFor(alice)).challengeOmission(theatre.kept.alice);
    });

    it("Alice asks where her row is; nobody answers, and the checkpoint is dropped", async () => {
      await theatre.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await (await theatre.courtFor(bob)).dropUnanswered(addressOf(alice), addressOf(alice));

      expect(await theatre.pendingEpoch()).to.equal(0n);
      await everybodyGetsOut();
    });

    it("an answer shows her row to all, and needs her signature: hiding a lie does not save it", async () => {
      expect(await operatorsAnswer(theatre, hidden)).to.contain("NotCovered");
    });
  });

  describe("pays a provider less than it promised", () => {
    it("the provider shows its receipt; no row pays it, and the checkpoint is dropped", async () => {
      const { receipt, signatures } = theatre.receipt;
      expect(receipt).to.deep.equal({
        provider: addressOf(provider),
        earned: credits(147),
        epoch: theatre.kept.provider.epoch + 1n,
      });
      const forgery = await theatre.forge([
        rowOf(alice, { spent: credits(100) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(146) }),
        rowOf(operator, { earned: credits(1) }),
      ]);
      await theatre.post(forgery);

      const court = await theatre.courtFor(provider);
      await court.challengeEarnings(receipt, signatures);
      const operators = await theatre.courtFor(operator);
      const answer = operators.answer(addressOf(provider), forgery.prove(provider), 0n);
      expect(await refusalOf(answer)).to.contain("RowFallsShort");

      await theatre.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await court.dropUnanswered(addressOf(provider), addressOf(provider));
      expect(await theatre.pendingEpoch()).to.equal(0n);
      await everybodyGetsOut();
    });
  });

  describe("signs two truths for one epoch", () => {
    it("Bob shows both: half the bond is his, half covers the exits, and all leave", async () => {
      await theatre.depositBond(dollars(100));
      const one = await theatre.forge([
        rowOf(alice, { spent: credits(100) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
      ]);
      const other = await theatre.forge([
        rowOf(alice, { spent: credits(400) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(operator, { earned: credits(447) }),
      ]);
      // One of them is posted; of the other it is enough that it was signed.
      await theatre.post(other);

      await (await theatre.courtFor(bob)).proveEquivocation(one, other);

      expect(await theatre.pendingEpoch(), "what was pending is gone").to.equal(0n);
      await everybodyExits({ bobsReward: dollars(50), cover: dollars(50) });
    });
  });

  /** The operator does nothing any more: Bob asks for his credits, closes the vault when he gets none, and all leave. */
  async function everybodyGetsOut(): Promise<void> {
    await requestRefund(theatre.as(bob), credits(450));
    await theatre.passTime(LOCAL_WINDOWS.refundWindowSeconds);
    await freeze(theatre.as(alice), addressOf(bob));
    await everybodyExits();
  }

  async function everybodyExits(extra = { bobsReward: 0n, cover: 0n }): Promise<void> {
    const { kept } = theatre;
    await exit(theatre.as(bob), kept.bob.row, kept.bob.proof);
    await exit(theatre.as(alice), kept.alice.row, kept.alice.proof);
    await exit(theatre.as(provider), kept.provider.row, kept.provider.proof);
    await everybodyIsOut(extra);
  }

  async function everybodyIsOut(
    { bobsReward, cover } = { bobsReward: 0n, cover: 0n },
  ): Promise<void> {
    expect(await theatre.gained(alice), "Alice: 900 credits").to.equal(dollars(9));
    expect(await theatre.gained(bob), "Bob: 450").to.equal(dollars(4.5) + bobsReward);
    expect(await theatre.gained(provider), "the provider: 147").to.equal(dollars(1.47));
    expect(await theatre.leftAfterFees(), "owed to nobody").to.equal(cover);
  }
});

/** The operator answers Alice's question with all that it has: her row, and the allowance that she once signed. */
async function operatorsAnswer(theatre: Theatre, forgery: Forgery): Promise<string> {
  const court = await theatre.courtFor(operator);
  await court.recordCap(theatre.aliceAllowance);
  const { counter } = theatre.aliceAllowance.allowance;
  return await refusalOf(court.answer(addressOf(alice), forgery.prove(alice), counter));
}
