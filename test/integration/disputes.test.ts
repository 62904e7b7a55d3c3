import { expect } from "chai";
import { pino } from "pino";
import { type Address, type Hex, encodeFunctionData } from "viem";
import { hardhat } from "viem/chains";

import { type Court, createCourt } from "@compute-credits/client/chain/court";
import { requestRefund } from "@compute-credits/client/chain/credits";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { checkpointTypedData } from "@compute-credits/protocol/messages/checkpoint";
import { signingDomain } from "@compute-credits/protocol/messages/domain";
import { eventually } from "../../scripts/local/eventually.ts";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import type { StoredCheckpoint } from "../../server/stores/checkpoints/checkpointStore.ts";
import { settlementAlarms } from "../../server/workers/settlement/alarms.ts";
import type { Settler } from "../../server/workers/settlement/settler.ts";
import { expectProblem } from "../fixtures/http.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { type Settling, startSettling } from "../fixtures/settling.ts";

const { alice, bob, provider, signer, operator, auditor } = wallets;

/** Long enough for a slow machine; the tests advance the chain's time themselves. */
const WINDOWS = {
  disputeWindowSeconds: 200,
  answerWindowSeconds: 200,
  refundWindowSeconds: 1_260,
  exitGraceSeconds: 1_200,
  counterGraceSeconds: 6_000,
  signerDelaySeconds: 2_920,
};

describe("settler in disputes", () => {
  let stack: Settling;
  let settler: Settler;
  let court: Court;
  let spender: Hex;
  let lines: string[];
  let epoch = 0n;

  before(async () => {
    stack = await startSettling("PostgreSQL", { terms: WINDOWS });
    await stack.buyAndWait(alice, 10_000_000n);
    spender = await stack.newSpender(alice);
    court = await createCourt(stack.as(bob));
    lines = [];
    const log = pino({ level: "info" }, { write: (line: string) => void lines.push(line) });
    settler = await stack.newSettler(undefined, {}, log);
  });
  after(() => stack.stop());

  async function send(by: TestWallet, to: Address, data: Hex): Promise<void> {
    const { account } = by;
    const hash = await stack.as(by).wallet.sendTransaction({ to, data, account, chain: hardhat });
    const { status } = await stack.client.waitForTransactionReceipt({ hash });
    if (status !== "success") throw new Error("reverted");
  }

  async function nextPending(): Promise<StoredCheckpoint> {
    await stack.use(spender);
    epoch += 1n;
    return await stack.untilOnChain(settler, epoch);
  }

  async function proofOf(checkpoint: StoredCheckpoint, party: Address) {
    const [shown] = await stack.checkpoints.proofs(checkpoint.id, [party]);
    if (shown === undefined) throw new Error("the party has no row");
    return shown;
  }

  const openChallenges = ({ id }: StoredCheckpoint) =>
    stack.context.disputes.openChallenges(id, 10);
  const untilHeardOf = (checkpoint: StoredCheckpoint) =>
    eventually(
      "the challenge in the ledger",
      async () => (await openChallenges(checkpoint)).length > 0,
    );
  const untilAnswered = (checkpoint: StoredCheckpoint) =>
    eventually("the answer in the ledger", async () => {
      await settler.step();
      return (await openChallenges(checkpoint)).length === 0;
    });

  /** Issues an earnings receipt for the provider. */
  async function receiptOf(earned: bigint) {
    const message = { provider: addressOf(provider), earned, epoch };
    const signature = await signer.account.signTypedData({
      domain: signingDomain(stack.deployment),
      types: {
        EarningsReceipt: [
          { name: "provider", type: "address" },
          { name: "earned", type: "uint64" },
          { name: "epoch", type: "uint64" },
        ],
      },
      primaryType: "EarningsReceipt",
      message,
    });
    return [message, [{ signer: addressOf(signer), signature }]] as const;
  }

  it("answers a challenge of a row with the owner's signed allowance", async () => {
    const pending = await nextPending();
    const capProof = () => stack.request(`/v1/accounts/${addressOf(alice)}/cap-proof`);
    expectProblem(await capProof(), 401, "missing_credentials");
    await court.challengeRow(await proofOf(pending, addressOf(alice)));
    await untilHeardOf(pending);
    // Only while the challenge is open may strangers see what the owner signed.
    const shown = await capProof();
    expect(shown.status, JSON.stringify(shown.document)).to.equal(200);
    expect(shown.document["signature"]).to.match(/^0x/);
    // Its window has ended, but it is not final while a challenge is open.
    await stack.passTime(WINDOWS.answerWindowSeconds - 60);
    await untilAnswered(pending);
    expectProblem(await capProof(), 401, "missing_credentials");
    await stack.untilFinal(epoch);
  });

  it("cuts nothing while an answer is due, even after the window has ended", async () => {
    const pending = await nextPending();
    await court.challengeRow(await proofOf(pending, addressOf(alice)));
    await untilHeardOf(pending);
    await stack.passTime(WINDOWS.disputeWindowSeconds + 60);
    await eventually("time in the ledger", async () => {
      const { time } = await stack.chainStore.cursor();
      return pending.finalAt !== null && time > pending.finalAt;
    });
    expect((await stack.checkpoints.byEpoch(epoch))?.status).to.equal("pending");
    await stack.use(spender);
    // Too late to answer: the checkpoint is dropped and its epoch cut again, with one root per
    // attempt.
    await court.dropUnanswered(addressOf(alice), addressOf(bob));
    await eventually("the drop in the ledger", async () => {
      const latest = await stack.checkpoints.latest();
      return latest?.message.epoch !== epoch;
    });
    const again = await stack.untilOnChain(settler, epoch);
    expect(again.message.root).not.to.equal(pending.message.root);
    await stack.untilFinal(epoch);
  });

  it("answers a receipt with the row that pays it", async () => {
    const pending = await nextPending();
    const { row } = await proofOf(pending, addressOf(provider));
    await court.challengeEarnings(...(await receiptOf(row.earned)));
    await untilHeardOf(pending);
    await untilAnswered(pending);
    await stack.untilFinal(epoch);
  });

  it("reports a challenge that it cannot answer and still answers the others", async () => {
    const pending = await nextPending();
    const { row } = await proofOf(pending, addressOf(provider));
    await court.challengeEarnings(...(await receiptOf(row.earned + 1n)));
    await (
      await createCourt(stack.as(provider))
    ).challengeRow(await proofOf(pending, addressOf(alice)));
    await eventually("both challenges", async () => (await openChallenges(pending)).length === 2);
    await eventually("one answer", async () => {
      await settler.step();
      return (await openChallenges(pending)).length === 1;
    });
    const told = lines.filter((line) => line.includes("cannot be answered"));
    expect(told.at(-1)).to.include(addressOf(provider)).and.to.include("row_falls_short");

    // The alarm is raised, also on /readyz, well before the deadline.
    await stack.passTime(WINDOWS.answerWindowSeconds / 2 + 1);
    await eventually("the alarm", async () => {
      const { status, document } = await stack.request("/readyz");
      return status === 200 && JSON.stringify(document).includes("drops the checkpoint");
    });
    await stack.passTime(WINDOWS.answerWindowSeconds);
    await court.dropUnanswered(addressOf(provider), addressOf(bob));
    await eventually("the drop in the ledger", async () => {
      const latest = await stack.checkpoints.latest();
      return latest?.message.epoch !== epoch;
    });
    await stack.untilOnChain(settler, epoch);
    await stack.untilFinal(epoch);
  });

  it("cuts a vetoed epoch again", async () => {
    const vetoed = await nextPending();
    const veto = { abi: computeCreditsAbi, functionName: "veto" } as const;
    await send(operator, stack.contract, encodeFunctionData(veto));
    await eventually(
      "the veto in the ledger",
      async () => (await stack.checkpoints.byEpoch(epoch)) === null,
    );
    const again = await stack.untilOnChain(settler, epoch);
    expect(again.id).not.to.equal(vetoed.id);
    expect(again.message.asOf > vetoed.message.asOf).to.equal(true);
    await stack.untilFinal(epoch);
  });

  it("settles only rows that are worth it", async () => {
    const { earned } = await stack.accounts.balance(addressOf(provider));
    const rich = await stack.newSettler(undefined, { SETTLE_WORTH_MICROS: `${earned + 1n}` });
    await rich.step();
    const before = await stack.accounts.balance(addressOf(provider));
    expect(before.settled.earned).to.equal(0n);

    const thrifty = await stack.newSettler(undefined, { SETTLE_WORTH_MICROS: `${earned}` });
    await thrifty.step();
    await eventually("the settled row in the ledger", async () => {
      const { settled } = await stack.accounts.balance(addressOf(provider));
      return settled.earned === earned;
    });
  });

  it("warns long before a refund's deadline, and stops cutting once the vault is frozen", async () => {
    await requestRefund(stack.as(alice), 1_000n);
    const { chainStore, disputes, writeOffs, terms } = stack.context;
    const alarms = () =>
      settlementAlarms({
        ...terms,
        chainStore,
        disputes,
        refundAlarmSeconds: 600,
        unanswered: () => [],
        writeOffs,
        uncovered: () => [],
        headroom: () => null,
      });
    await eventually("the request in the ledger", async () => disputes.oldestRefundRequest());
    expect(await alarms()).to.deep.equal([]);

    await stack.passTime(WINDOWS.refundWindowSeconds - 600);
    const warned = await eventually("the alarm", async () => {
      const [alarm] = await alarms();
      return alarm;
    });
    expect(warned).to.include({ name: "refunds", isFatal: false });
    expect(warned.message).to.include(addressOf(alice));
    const ready = await eventually("the alarm on /readyz", async () => {
      const answer = await stack.request("/readyz");
      return JSON.stringify(answer.document).includes("anyone may freeze") && answer;
    });
    expect(ready.status).to.equal(200);

    await stack.passTime(601);
    const freeze = {
      abi: computeCreditsAbi,
      functionName: "freeze",
      args: [addressOf(alice)],
    } as const;
    await send(bob, stack.contract, encodeFunctionData(freeze));
    await eventually("the freeze in the ledger", async () => chainStore.frozenAt());
    const last = await stack.checkpoints.latest();
    await settler.step();
    await (await stack.newSettler()).step();
    expect(await stack.checkpoints.latest()).to.deep.equal(last);
    const stopped = await eventually("the freeze on /readyz", async () => {
      const answer = await stack.request("/readyz");
      return answer.status === 503 && answer;
    });
    expect(JSON.stringify(stopped.document)).to.include("the vault is frozen since");
  });
});

describe("settler with a co-signer that refuses", () => {
  it("abandons the unsigned checkpoint, cuts its epoch again and continues after a co-signer signed", async () => {
    const signers = [signer, bob, auditor].map(addressOf).toSorted((a, b) => (a < b ? -1 : 1));
    const stack = await startSettling("PostgreSQL", {
      terms: { ...WINDOWS, signers, threshold: 3 },
      environment: { ABANDON_AFTER_SECONDS: "1" },
    });
    try {
      await stack.buyAndWait(alice, 10_000_000n);
      const spender = await stack.newSpender(alice);
      await stack.use(spender);
      const settler = await stack.newSettler();
      await settler.step();
      const refused = await stack.checkpoints.byEpoch(1n);
      expect(refused).to.deep.include({ status: "prepared", signatures: [], isSigning: false });

      await stack.use(spender);
      const again = await eventually("the epoch cut anew", async () => {
        await settler.step();
        const latest = await stack.checkpoints.byEpoch(1n);
        return latest !== null && latest.id !== refused?.id && latest;
      });
      const [, old] = await stack.checkpoints.list({ before: null, limit: 2 });
      expect(old).to.deep.include({ id: refused?.id, status: "abandoned", isSigning: false });
      expect(again.message.spent > (refused?.message.spent ?? 0n)).to.equal(true);

      const sign = async ({ message }: StoredCheckpoint, by = bob) => ({
        root: message.root,
        signer: addressOf(by),
        signature: await by.account.signTypedData(checkpointTypedData(stack.deployment, message)),
      });
      const path = "/v1/checkpoints/1/signatures";
      if (refused === null) throw new Error("the checkpoint is missing");
      expectProblem(await stack.request(path, { body: await sign(refused) }), 409, "root_mismatch");

      // A co-signer that signed it can sign no other of its epoch, so the settler waits much longer
      // for the third.
      const delays: number[] = [];
      const { submissions } = stack.context;
      const before = { ...submissions };
      Object.assign(submissions, {
        abandon(id: bigint, afterSeconds: number) {
          delays.push(afterSeconds);
          return before.abandon(id, afterSeconds);
        },
      });
      const signed = await eventually("a checkpoint that one has signed", async () => {
        const latest = await stack.checkpoints.byEpoch(1n);
        if (latest === null) return null;
        const { status } = await stack.request(path, { body: await sign(latest) });
        return status === 200 && latest;
      });
      await settler.step();
      expect(delays).to.deep.equal([24]);

      const onChain = await eventually("the checkpoint on chain", async () => {
        const latest = await stack.checkpoints.byEpoch(1n);
        if (latest?.status === "prepared") {
          await stack.request(path, { body: await sign(latest, auditor) });
        }
        await settler.step();
        return latest?.status === "pending" && latest;
      });
      expect(onChain.id).to.equal(signed.id);
      expect(onChain.signatures).to.have.length(3);
      expect(await stack.submissionsOf(1n)).to.have.length(1);
    } finally {
      await stack.stop();
    }
  });
});
