import { once } from "node:events";
import { type Server, createServer } from "node:http";

import { expect } from "chai";

import { requestRefund, settleRow } from "@compute-credits/client/chain/credits";
import { exit, exitWithoutProof, freeze } from "@compute-credits/client/chain/exit";
import { answerChallenge } from "@compute-credits/client/disputes/answerChallenge";
import { challenge } from "@compute-credits/client/disputes/challenge";
import { type Api, createApi } from "@compute-credits/client/http/api";
import { createMemoryCopies } from "@compute-credits/client/wallet/copies";
import { tableHead } from "@compute-credits/protocol/data/checkpointData";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { concatBytes } from "@compute-credits/protocol/tree/levels";
import type { Row } from "@compute-credits/protocol/tree/row";
import { rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import { TableHasher } from "@compute-credits/protocol/tree/tableHasher";
import type { ChainWriter } from "@compute-credits/platform/chain/chainWriter";
import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import { noProbe } from "@compute-credits/platform/chain/probe";
import type { TransactionAttempt } from "@compute-credits/platform/chain/transactionStore";
import { createChainWriter } from "@compute-credits/platform/chain/viemChainWriter";
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
 * What a dishonest operator can try, and how each attempt ends. All parties get what they are due,
 * to the last unit. The fixture `dishonestOperator.ts` sets the scene. Wallets use
 * `packages/client` and their own files, and never ask the operator for anything.
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
    it("is challenged for 500 credits although Alice signed for 400: the checkpoint is dropped", async () => {
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
      // The operator has her signature, but for less.
      expect(await answerAsOperator(rig, forgery)).to.contain("NotCovered");
      // While her challenge is open, the checkpoint does not become final.
      await rig.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      expect(await rig.finalRoot()).to.equal(honestRoot);

      await rig.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await court.dropUnanswered(addressOf(alice), addressOf(alice));
      await court.withdrawStake();
      expect(await rig.pendingEpoch()).to.equal(0n);
      expect(await rig.finalRoot()).to.equal(honestRoot);
      await freezeAndExitAll();
    });

    it("charges more than Alice ever bought: anyone can drop the checkpoint at once", async () => {
      const forgery = await rig.forge([
        rowOf(alice, { spent: credits(1_100) }),
        rowOf(operator, { earned: credits(1_000) }),
      ]);
      await rig.post(forgery);

      await (await rig.courtFor(bob)).proveFraud([forgery.prove(alice)]);

      expect(await rig.pendingEpoch()).to.equal(0n);
      await freezeAndExitAll();
    });

    it("is believed by the chain up to the cap that she signed: that is the trusted amount", async () => {
      const forgery = await rig.forge([
        rowOf(alice, { spent: credits(400) }),
        rowOf(bob, { spent: credits(50) }),
        rowOf(provider, { earned: credits(147) }),
        rowOf(operator, { earned: credits(300) }),
      ]);
      await rig.post(forgery);
      await (await rig.courtFor(alice)).challengeRow(forgery.prove(alice));

      expect(await answerAsOperator(rig, forgery)).to.equal("accepted");
    });
  });

  describe("ignores a refund", () => {
    it("lets the request expire: anyone can freeze the vault, and all parties exit", async () => {
      await requestRefund(rig.as(alice), credits(200));
      expect(await refusalOf(freeze(rig.as(bob), addressOf(alice)))).to.contain("RefundNotOverdue");

      await rig.passTime(LOCAL_WINDOWS.refundWindowSeconds);
      await freeze(rig.as(bob), addressOf(alice));
      await exitAll();
    });
  });

  describe("vanishes with its database", () => {
    it("does not stop providers from claiming earnings of the final checkpoint", async () => {
      await settleRow(rig.as(provider), rig.kept.provider);
      expect(await rig.gained(provider)).to.equal(dollars(1.47));
    });

    it("does not stop exits: a copy of the table settles all rows, and without one a party exits with its on-chain balance", async () => {
      const { kept } = rig;
      await requestRefund(rig.as(bob), credits(450));
      await rig.passTime(LOCAL_WINDOWS.refundWindowSeconds);
      await freeze(rig.as(bob), addressOf(bob));

      // Bob mirrored the published rows and also settles Alice's, so that she cannot withdraw
      // credits that she spent.
      await exit(rig.as(bob), kept.bob.row, kept.bob.proof);
      await settleRow(rig.as(bob), kept.alice);
      await settleRow(rig.as(bob), kept.provider);

      const withoutProof = () => exitWithoutProof(rig.as(alice), addressOf(alice));
      expect(await refusalOf(withoutProof())).to.contain("ExitNeedsProof");
      await rig.passTime(LOCAL_WINDOWS.exitGraceSeconds);
      await withoutProof();
      await expectAllPaid();
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

    it("does not answer Alice's omission challenge: the checkpoint is dropped", async () => {
      await rig.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await (await rig.courtFor(bob)).dropUnanswered(addressOf(alice), addressOf(alice));

      expect(await rig.pendingEpoch()).to.equal(0n);
      await freezeAndExitAll();
    });

    it("cannot answer with a false row, because the answer needs her signature", async () => {
      expect(await answerAsOperator(rig, hidden)).to.contain("NotCovered");
    });
  });

  describe("repeats what the final table says, after Alice ended her allowances", () => {
    it("answers with her final row, because her grace is over; new spending has no answer", async () => {
      await rig.revokeAll(alice);
      await rig.passTime(LOCAL_WINDOWS.counterGraceSeconds + 1);
      const bobs = rowOf(bob, { spent: credits(50) });
      const repeated = await rig.forge([
        rowOf(alice, { spent: credits(100) }),
        bobs,
        rowOf(provider, { earned: credits(147) }),
      ]);
      await rig.post(repeated);
      const court = await rig.courtFor(alice);
      await court.challengeRow(repeated.prove(alice));
      expect(await answerAsOperator(rig, repeated)).to.contain("CounterEnded");
      const writer = await writerOf(rig);
      await writer.answerWithFinalRow(addressOf(alice), repeated.prove(alice), rig.kept.alice);
      await rig.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      expect(await rig.finalRoot()).to.equal(repeated.message.root);

      const grown = await rig.forge([
        rowOf(alice, { spent: credits(101) }),
        bobs,
        rowOf(provider, { earned: credits(148) }),
      ]);
      await rig.post(grown);
      await court.challengeRow(grown.prove(alice));
      const late = (await rig.courtFor(operator)).answerWithFinalRow(
        addressOf(alice),
        grown.prove(alice),
        repeated.prove(alice),
      );
      expect(await refusalOf(late)).to.contain("NewSpending");
      await rig.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await court.dropUnanswered(addressOf(alice), addressOf(alice));
      expect(await rig.finalRoot()).to.equal(repeated.message.root);
    });
  });

  describe("pays a provider less than it promised", () => {
    it("is challenged with the provider's receipt: no row pays it, and the checkpoint is dropped", async () => {
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
      await freezeAndExitAll();
    });
  });

  describe("replaces its signers to break a promise", () => {
    it("is challenged with the receipt that the provider registered: the checkpoint is dropped", async () => {
      const { receipt, signatures } = rig.receipt;
      const court = await rig.courtFor(provider);
      await court.registerReceipt(receipt, signatures);
      await rig.changeSigner(operator);
      const forgery = await rig.forge(
        [
          rowOf(alice, { spent: credits(100) }),
          rowOf(bob, { spent: credits(50) }),
          rowOf(provider, { earned: credits(146) }),
          rowOf(operator, { earned: credits(1) }),
        ],
        operator,
      );
      await rig.post(forgery);

      // The former signer's receipt itself counts for nothing any more.
      const former = court.challengeEarnings(receipt, signatures);
      expect(await refusalOf(former)).to.contain("UnknownSigner");
      await court.challengeRegisteredEarnings(addressOf(provider));
      const operators = await rig.courtFor(operator);
      const answer = operators.answer(addressOf(provider), forgery.prove(provider), 0n);
      expect(await refusalOf(answer)).to.contain("RowFallsShort");
      await rig.passTime(LOCAL_WINDOWS.answerWindowSeconds);
      await court.dropUnanswered(addressOf(provider), addressOf(provider));
      expect(await rig.pendingEpoch()).to.equal(0n);
      await freezeAndExitAll();
    });
  });

  describe("signs two checkpoints for one epoch", () => {
    it("loses its bond to Bob's proof: half goes to Bob, half covers the exits, and all parties exit", async () => {
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
      // Only one of them is posted; the other one's signature is enough.
      await rig.post(other);

      await (await rig.courtFor(bob)).proveEquivocation(one, other);

      expect(await rig.pendingEpoch(), "no pending checkpoint").to.equal(0n);
      await exitAll({ bobsReward: dollars(50), cover: dollars(50) });
    });
  });

  describe("publishes the table, and shows nothing else", () => {
    /** A mirror of the forged table, with the final row that Alice kept. */
    let mirror: Server | undefined;
    let api: Api;
    let forgery: Forgery;
    const others = [rowOf(bob, { spent: credits(50) }), rowOf(provider, { earned: credits(147) })];

    async function publish(rows: readonly Row[]): Promise<void> {
      forgery = await rig.forge(rows);
      await rig.post(forgery);
      mirror = createServer((request, response) => {
        if (request.url?.endsWith("/data")) response.end(tableFile(rows));
        else if (request.url?.endsWith("/proof")) response.end(jsonText(rig.kept.alice));
        else response.writeHead(404).end();
      }).listen(0, "127.0.0.1");
      await once(mirror, "listening");
      const address = mirror.address();
      if (address === null || typeof address === "string") throw new Error("no port");
      // Not 127.0.0.1: its answers are compared with the table of routes.
      api = createApi(`http://localhost:${address.port}`);
    }
    afterEach(() => {
      mirror?.closeAllConnections();
      mirror?.close();
    });

    it("challenge: disputes what Alice's copies do not cover", async () => {
      await publish([rowOf(alice, { spent: credits(500) }), ...others, paidToOperator(400)]);
      const { kind } = await challenge(rig.as(alice), api);
      expect(kind).to.equal("row");
      const answering = answerChallenge(rig.as(bob), api, {
        account: addressOf(alice),
        challenger: addressOf(alice),
      });
      expect(await refusalOf(answering)).to.contain("No signed allowance at hand");
    });

    it("challenge: keeps the stake if a copy covers the row; answerChallenge shows that copy", async () => {
      await publish([rowOf(alice, { spent: credits(400) }), ...others, paidToOperator(300)]);
      expect(await refusalOf(challenge(rig.as(alice), api))).to.contain("a challenge fails");
      // Bob has none of Alice's copies, and no server shows him her cap proof.
      const copies = createMemoryCopies();
      const party = { account: addressOf(alice), copies };
      expect((await challenge(rig.as(bob), api, party)).kind).to.equal("row");
      const { status } = await answerChallenge(rig.as(alice), api, {
        account: addressOf(alice),
        challenger: addressOf(bob),
      });
      expect(status).to.equal("success");
    });

    it("challenge: asks for a row that is gone", async () => {
      await publish([rowOf(operator, { spent: credits(100) }), ...others]);
      expect((await challenge(rig.as(alice), api)).kind).to.equal("omission");
    });

    it("answerChallenge: shows the final row if that covers the charge", async () => {
      await publish([rowOf(alice, { spent: credits(100) }), ...others]);
      await (await rig.courtFor(bob)).challengeRow(forgery.prove(alice));
      const copies = createMemoryCopies();
      const { status } = await answerChallenge(rig.as(alice), api, {
        account: addressOf(alice),
        challenger: addressOf(bob),
        copies,
      });
      expect(status).to.equal("success");
    });
  });

  /**
   * The operator stops: Bob requests a refund, the vault is frozen after the deadline, and all
   * parties exit.
   */
  async function freezeAndExitAll(): Promise<void> {
    await requestRefund(rig.as(bob), credits(450));
    await rig.passTime(LOCAL_WINDOWS.refundWindowSeconds);
    await freeze(rig.as(alice), addressOf(bob));
    await exitAll();
  }

  async function exitAll(extra = { bobsReward: 0n, cover: 0n }): Promise<void> {
    const { kept } = rig;
    await exit(rig.as(bob), kept.bob.row, kept.bob.proof);
    await exit(rig.as(alice), kept.alice.row, kept.alice.proof);
    await exit(rig.as(provider), kept.provider.row, kept.provider.proof);
    await expectAllPaid(extra);
  }

  async function expectAllPaid(
    { bobsReward, cover } = { bobsReward: 0n, cover: 0n },
  ): Promise<void> {
    expect(await rig.gained(alice), "Alice: 900 credits").to.equal(dollars(9));
    expect(await rig.gained(bob), "Bob: 450").to.equal(dollars(4.5) + bobsReward);
    expect(await rig.gained(provider), "the provider: 147").to.equal(dollars(1.47));
    expect(await rig.leftAfterFees(), "owed to no party").to.equal(cover);
  }
});

function paidToOperator(amount: number): Row {
  return rowOf(operator, { earned: credits(amount) });
}

function tableFile(rows: readonly Row[]): Uint8Array {
  const bytes = rowsToBytes(rows);
  const hasher = new TableHasher();
  hasher.push(bytes);
  return concatBytes([tableHead(hasher.finish()), bytes]);
}

/**
 * Answers Alice's challenge with her row and the allowance that she signed. Returns the contract's
 * refusal.
 */
async function answerAsOperator(rig: DishonestOperator, forgery: Forgery): Promise<string> {
  const court = await rig.courtFor(operator);
  await court.recordCap(rig.aliceAllowance);
  const { counter } = rig.aliceAllowance.allowance;
  return await refusalOf(court.answer(addressOf(alice), forgery.prove(alice), counter));
}

/** The settler's writer, with the operator's key and attempts kept in memory. */
async function writerOf(rig: DishonestOperator): Promise<ChainWriter> {
  const attempts: TransactionAttempt[] = [];
  return createChainWriter({
    rpcUrls: [rig.rpcUrl],
    deployment: rig.deployment,
    court: (await rig.courtFor(operator)).address,
    signer: createLocalSigner(operator.privateKey),
    transactions: {
      record: async (attempt) => void attempts.push(attempt),
      attemptsOf: async (_, nonce) => attempts.filter((attempt) => attempt.nonce === nonce),
    },
    bumpAfterMs: 5_000,
    maxFeePerGas: 100_000_000_000n,
    probe: noProbe,
  });
}
