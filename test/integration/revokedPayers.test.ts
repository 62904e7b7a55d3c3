import { expect } from "chai";
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

const { alice, bob, operator } = wallets;

/** Long enough for a slow machine; the tests advance the chain's time themselves. */
const WINDOWS = {
  disputeWindowSeconds: 200,
  answerWindowSeconds: 200,
  refundWindowSeconds: 1_260,
  exitGraceSeconds: 1_200,
  counterGraceSeconds: 2_000,
  signerDelaySeconds: 2_920,
};

describe("payers that raise their counter and challenge later", () => {
  let stack: Settling;
  let settler: Settler;
  let court: Court;
  let epoch = 0n;

  before(async () => {
    stack = await startSettling("PGlite", { terms: WINDOWS });
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

  async function revokeAll({ account }: TestWallet): Promise<void> {
    const before = await stack.context.allowances.counterOf(addressOf({ ...alice, account }));
    const hash = await stack.as({ ...alice, account }).wallet.writeContract({
      address: stack.contract,
      abi: computeCreditsAbi,
      functionName: "revokeAll",
      account,
      chain: hardhat,
    });
    await stack.client.waitForTransactionReceipt({ hash });
    await eventually("the raised counter in the ledger", async () => {
      const counter = await stack.context.allowances.counterOf(addressOf({ ...alice, account }));
      return counter > before;
    });
  }

  it("makes each challenge answerable by the final row, at the price of the answer alone", async () => {
    const ofAlice = await stack.newSpender(alice);
    const ofBob = await stack.newSpender(bob);
    await nextPending(ofAlice);
    await stack.untilFinal(epoch);
    await revokeAll(alice);
    await stack.passTime(WINDOWS.counterGraceSeconds + 1);

    const nonce = await stack.client.getTransactionCount({ address: addressOf(operator) });
    for (let attack = 0; attack < 10; attack++) {
      // oxlint-disable-next-line no-await-in-loop -- a checkpoint follows another
      const pending = await nextPending(ofBob);
      // oxlint-disable-next-line no-await-in-loop
      const [shown] = await stack.checkpoints.proofs(pending.id, [addressOf(alice)]);
      if (shown === undefined) throw new Error("alice has a row");
      // oxlint-disable-next-line no-await-in-loop
      await court.challengeRow(shown);
      // oxlint-disable-next-line no-await-in-loop
      await eventually("the answer in the ledger", async () => {
        await settler.step();
        const challenge = await stack.context.disputes.mostUrgentChallenge();
        const heard = await stack.client.readContract({
          address: stack.contract,
          abi: computeCreditsAbi,
          functionName: "pendingCheckpoint",
        });
        // The court restores the time at which the checkpoint becomes final.
        return challenge === null && heard.finalAt < 2 ** 40 - 1;
      });
      // oxlint-disable-next-line no-await-in-loop
      await stack.untilFinal(epoch);
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
});
