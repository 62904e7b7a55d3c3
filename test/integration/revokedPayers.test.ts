import { expect } from "chai";
import { pino } from "pino";
import type { Hex } from "viem";
import { hardhat } from "viem/chains";

import { type Court, createCourt } from "@compute-credits/client/chain/court";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { eventually } from "../../scripts/local/eventually.ts";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import type { StoredCheckpoint } from "../../server/stores/checkpoints/checkpointStore.ts";
import type { Settler } from "../../server/workers/settlement/settler.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { type Settling, startSettling } from "../fixtures/settling.ts";

const { alice, auditor, bob, operator, provider } = wallets;

/** Long enough for a slow machine; the tests advance the chain's time themselves. */
const WINDOWS = {
  disputeWindowSeconds: 200,
  answerWindowSeconds: 200,
  refundWindowSeconds: 1_260,
  exitGraceSeconds: 1_200,
  counterGraceSeconds: 2_000,
  signerDelaySeconds: 2_920,
};

/** A checkpoint's `finalAt` while a challenge is open. */
const HELD = 2 ** 40 - 1;

describe("payers that raise their counter and challenge later", () => {
  let stack: Settling;
  let settler: Settler;
  let court: Court;
  let epoch = 0n;

  before(async () => {
    stack = await startSettling("PostgreSQL", { terms: WINDOWS });
    settler = await stack.newSettler();
    court = await createCourt(stack.as(alice));
    for (const payer of [alice, bob]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await stack.buyAndWait(payer, 10_000_000n);
    }
  });
  after(() => stack.stop());

  async function nextPending(spender: Hex): Promise<StoredCheckpoint> {
    await stack.use(spender);
    epoch += 1n;
    return await stack.untilOnChain(settler, epoch);
  }

  async function revokeAll(owner: TestWallet): Promise<void> {
    const before = await stack.context.allowances.counterOf(addressOf(owner));
    const { account } = owner;
    const hash = await stack.as(owner).wallet.writeContract({
      address: stack.contract,
      abi: computeCreditsAbi,
      functionName: "revokeAll",
      account,
      chain: hardhat,
    });
    await stack.client.waitForTransactionReceipt({ hash });
    await eventually("the raised counter in the ledger", async () => {
      return (await stack.context.allowances.counterOf(addressOf(owner))) > before;
    });
  }

  async function endGrace(): Promise<void> {
    await stack.passTime(WINDOWS.counterGraceSeconds + 1);
    const { timestamp } = await stack.client.getBlock();
    await eventually("the time in the ledger", async () => {
      const { time } = await stack.chainStore.cursor();
      return time.getTime() / 1000 >= Number(timestamp);
    });
  }

  /** Challenges the row and waits until it is answered and the checkpoint is final. */
  async function outlivesChallenge(pending: StoredCheckpoint, owner: TestWallet): Promise<void> {
    const [shown] = await stack.checkpoints.proofs(pending.id, [addressOf(owner)]);
    if (shown === undefined) throw new Error("the owner has a row");
    await court.challengeRow(shown);
    await eventually("the answer", async () => {
      await settler.step();
      const heard = await stack.client.readContract({
        address: stack.contract,
        abi: computeCreditsAbi,
        functionName: "pendingCheckpoint",
      });
      // The court restores the time at which the checkpoint becomes final.
      return (await stack.context.disputes.mostUrgentChallenge()) === null && heard.finalAt < HELD;
    });
    await stack.untilFinal(epoch);
  }

  const earnedByProvider = async () => (await stack.accounts.balance(addressOf(provider))).earned;
  const spentBy = async (owner: TestWallet) =>
    (await stack.accounts.balance(addressOf(owner))).spent;

  it("makes each challenge answerable by the final row, at the price of the answer alone", async () => {
    const ofAlice = await stack.newSpender(alice);
    const ofBob = await stack.newSpender(bob);
    await nextPending(ofAlice);
    await stack.untilFinal(epoch);
    await revokeAll(alice);
    await endGrace();

    const nonce = await stack.client.getTransactionCount({ address: addressOf(operator) });
    for (let attack = 0; attack < 10; attack++) {
      // oxlint-disable-next-line no-await-in-loop -- a checkpoint follows another
      const pending = await nextPending(ofBob);
      // oxlint-disable-next-line no-await-in-loop
      await outlivesChallenge(pending, alice);
    }

    const sent = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        stack.context.transactions.attemptsOf(addressOf(operator), BigInt(nonce + index)),
      ),
    );
    const purposes = sent.map((attempts) => attempts.at(-1)?.purpose.split(" ")[0]);
    expect(purposes).to.deep.equal(
      Array.from({ length: 10 }, () => ["checkpoint", "answering"]).flat(),
    );
    expect(await stack.client.getTransactionCount({ address: addressOf(operator) })).to.equal(
      nonce + 20,
    );
  });

  it("warns at its start, unless an account for write-offs is named", async () => {
    const warnings: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => void warnings.push(line) });
    await stack.newSettler(undefined, { WRITE_OFF_ACCOUNT: addressOf(auditor) }, log);
    expect(warnings).to.deep.equal([]);
    await stack.newSettler(undefined, {}, log);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include("WRITE_OFF_ACCOUNT is not set");
  });

  it("writes off what is not final after an outage, and every row of the next table is answerable", async () => {
    await stack.buyAndWait(auditor, 1_000_000n);
    await stack.newSpender(auditor);
    settler = await stack.newSettler(undefined, { WRITE_OFF_ACCOUNT: addressOf(auditor) });
    const [before, earned] = [await spentBy(alice), await earnedByProvider()];
    await stack.use(await stack.newSpender(alice));
    const lost = (await spentBy(alice)) - before;
    await revokeAll(alice);
    await endGrace();

    const pending = await nextPending(await stack.newSpender(bob));
    expect(await spentBy(alice)).to.equal(before);
    expect(await spentBy(auditor)).to.equal(lost);
    expect((await earnedByProvider()) > earned + lost / 2n).to.equal(true);
    await outlivesChallenge(pending, auditor);
    expect(settler.uncovered()).to.deep.equal([]);
  });

  it("voids what the operator's account cannot pay", async () => {
    settler = await stack.newSettler();
    const before = await spentBy(alice);
    await stack.use(await stack.newSpender(alice));
    await revokeAll(alice);
    await endGrace();
    await outlivesChallenge(await nextPending(await stack.newSpender(bob)), bob);
    expect(await spentBy(alice)).to.equal(before);
    expect(settler.uncovered()).to.deep.equal([]);
  });
});
