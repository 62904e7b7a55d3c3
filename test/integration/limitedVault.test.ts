import { expect } from "chai";
import type { Address } from "viem";

import { requestRefund, settleRow } from "@compute-credits/client/chain/credits";
import { eventually } from "../../scripts/local/eventually.ts";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import { settlementAlarms } from "../../server/workers/settlement/alarms.ts";
import type { Settler } from "../../server/workers/settlement/settler.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { type Settling, startSettling } from "../fixtures/settling.ts";

const { alice, auditor, bob, provider } = wallets;

/** Two and a half requests: a request costs 10,000 micro-credits. */
const LIMIT = 25_000n;

const WINDOWS = {
  disputeWindowSeconds: 200,
  answerWindowSeconds: 200,
  refundWindowSeconds: 1_260,
  exitGraceSeconds: 1_200,
  counterGraceSeconds: 6_000,
  signerDelaySeconds: 2_920,
};

describe("settler of a vault with a limit", () => {
  let stack: Settling;
  let settler: Settler;
  let epoch = 0n;

  before(async () => {
    stack = await startSettling("PostgreSQL", {
      terms: { ...WINDOWS, unprovenLimitMicros: LIMIT },
    });
    settler = await stack.newSettler();
    for (const payer of [alice, auditor, bob]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await stack.buyAndWait(payer, 1_000_000n);
    }
  });
  after(() => stack.stop());

  async function spend(payer: TestWallet, requests: number): Promise<void> {
    const spender = await stack.newSpender(payer, 500_000n);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    for (let request = 0; request < requests; request++) await stack.use(spender);
  }

  async function nextFinal(): Promise<void> {
    epoch += 1n;
    await stack.untilOnChain(settler, epoch);
    await stack.untilFinal(epoch);
  }

  const settledOf = async (wallet: TestWallet) => {
    const [row] = await stack.context.chain.settledRows([addressOf(wallet)]);
    if (row === undefined) throw new Error("the chain answers each party");
    return row;
  };

  /** Settles the provider's row as the provider does. Returns what is settled then. */
  async function claim(): Promise<bigint> {
    const final = await stack.checkpoints.byEpoch(epoch);
    if (final === null) throw new Error("the epoch is final");
    const [shown] = await stack.checkpoints.proofs(final.id, [addressOf(provider)]);
    if (shown === undefined) throw new Error("the provider has a row");
    await settleRow(stack.as(provider), { ...shown, epoch });
    return (await settledOf(provider)).earned;
  }

  it("covers payers by itself, so that a provider claims far more than the limit at once", async () => {
    expect(stack.context.terms.unprovenLimitMicros).to.equal(LIMIT);
    await spend(alice, 4);
    await spend(bob, 3);
    await nextFinal();
    await settler.step();
    expect((await settledOf(alice)).spent).to.equal(40_000n);
    // With half of the limit left: bob's 30,000 would not leave all of it.
    expect((await settledOf(bob)).spent).to.equal(30_000n);
    const { earned } = await stack.accounts.balance(addressOf(provider));
    expect(earned > 2n * LIMIT).to.equal(true);
    expect(await claim()).to.equal(earned);
  });

  it("goes past a payer whose cap cannot be recorded, and says that headroom is short", async () => {
    const { disputes } = stack.context;
    const before = { ...disputes };
    Object.assign(disputes, {
      capsCovering: (account: Address, micros: bigint) =>
        account === addressOf(auditor) ? Promise.resolve([]) : before.capsCovering(account, micros),
    });
    await spend(auditor, 5);
    await spend(alice, 4);
    await nextFinal();
    await settler.step();
    expect((await settledOf(auditor)).spent).to.equal(0n);
    expect((await settledOf(alice)).spent).to.equal(80_000n);
    const { earned } = await stack.accounts.balance(addressOf(provider));
    const claimed = await claim();
    expect(claimed < earned && claimed >= 80_000n).to.equal(true);

    const { chainStore, terms, writeOffs } = stack.context;
    const alarms = await settlementAlarms({
      ...terms,
      chainStore,
      disputes,
      writeOffs,
      refundAlarmSeconds: 600,
      uncovered: () => settler.uncovered(),
      unanswered: () => settler.unanswered(),
      headroom: () => settler.headroom(),
    });
    const [short] = alarms.filter(({ name }) => name === "headroom");
    expect(short?.message).to.include("50000 micro-credits").and.to.include(addressOf(auditor));
    Object.assign(disputes, before);
  });

  it("covers the row of a payer that asks for a refund, so that the request is served", async () => {
    await requestRefund(stack.as(bob), 970_000n);
    await eventually("the request in the ledger", async () => {
      const { refunding } = await stack.accounts.balance(addressOf(bob));
      return refunding === 970_000n;
    });
    await nextFinal();
    await eventually("the refund on chain", async () => {
      await settler.step();
      const { settled, refunded } = await stack.accounts.balance(addressOf(bob));
      return settled.refunded === refunded && refunded === 970_000n;
    });
    await eventually(
      "the request served",
      async () => (await stack.context.disputes.oldestRefundRequest()) === null,
    );
  });
});
