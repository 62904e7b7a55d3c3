import { expect } from "chai";

import { requestRefund } from "@compute-credits/client/chain/credits";
import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { SETTLEMENT_STEPS } from "@compute-credits/platform/chain/probe";
import { addressOf, stackKinds } from "../fixtures/meteredStack.ts";
import { type Settling, killedAt, startSettling } from "../fixtures/settling.ts";

const { alice, bob, operator, signer } = wallets;

for (const kind of stackKinds) {
  describe(`settler on ${kind}`, () => {
    let stack: Settling;
    let spender: `0x${string}`;
    let epoch = 0n;

    before(async () => {
      stack = await startSettling(kind);
      await stack.buyAndWait(alice, 10_000_000n);
      spender = await stack.newSpender(alice);
    });
    after(() => stack.stop());
    afterEach(async () => {
      if ((await stack.checkpoints.latest())?.status === "pending") await stack.untilFinal(epoch);
    });

    /** Checks that the epoch is on chain once, with the only root that was signed for it. */
    async function expectOneOf(which: bigint): Promise<void> {
      const submissions = await stack.submissionsOf(which);
      expect(submissions).to.have.length(1);
      const all = await stack.checkpoints.list({ before: null, limit: 100 });
      const signed = all.filter(({ message, isSigning }) => message.epoch === which && isSigning);
      expect(signed.map(({ message }) => message.root)).to.deep.equal([submissions[0]?.args.root]);
    }

    // Several servers and real kills on PostgreSQL: killedServers.test.ts.
    for (const step of kind === stackKinds[0] ? SETTLEMENT_STEPS : []) {
      context(`when the server is killed at the step "${step}"`, () => {
        it("submits the checkpoint once, with one signed root", async () => {
          epoch += 1n;
          await stack.use(spender);
          const killed = await stack.newSettler(killedAt(step));
          const failure = await killed.step().catch((error: unknown) => error);
          expect(String(failure)).to.include(`killed at ${step}`);
          // Debits after the cut belong to the next checkpoint, whichever server continues.
          await stack.use(spender);

          const checkpoint = await stack.untilOnChain(await stack.newSettler(), epoch);
          expect(checkpoint.signatures).to.have.length(1);
          await expectOneOf(epoch);
        });
      });
    }

    for (const step of ["recorded", "sent", "mined"] as const) {
      context(`when the server is killed at the step "${step}" of a refund`, () => {
        it("pays the refund once", async () => {
          // The request raises the counter, which voids earlier allowances.
          await requestRefund(stack.as(alice), 1_000n);
          await eventually("the request in the ledger", async () => {
            const { refunding } = await stack.accounts.balance(addressOf(alice));
            return refunding === 1_000n;
          });
          epoch += 1n;
          const settler = await stack.newSettler();
          await stack.untilOnChain(settler, epoch);
          await stack.untilFinal(epoch);

          const before = await stack.dollarsOf(addressOf(alice));
          const killed = await stack.newSettler(killedAt(step));
          expect(String(await killed.step().catch((error: unknown) => error))).to.include("killed");
          await eventually("the refund on chain", async () => {
            await (await stack.newSettler()).step();
            const { settled, refunded } = await stack.accounts.balance(addressOf(alice));
            return settled.refunded === refunded;
          });
          expect(await stack.dollarsOf(addressOf(alice))).to.equal(before + 10n);
          spender = await stack.newSpender(alice);
        });
      });
    }

    context("when two servers both act as leader", () => {
      it("signs one root per epoch and submits once", async () => {
        epoch += 1n;
        await stack.use(spender);
        const settlers = await Promise.all([1, 2, 3].map(() => stack.newSettler()));
        await eventually("the checkpoint on chain", async () => {
          // One of them may collide with the other's transaction.
          await Promise.allSettled(settlers.map((settler) => settler.step()));
          return (await stack.checkpoints.byEpoch(epoch))?.status === "pending";
        });
        await expectOneOf(epoch);
      });
    });

    context("when a transaction is not mined", () => {
      afterEach(() => stack.chain.setAutomine(true));

      it("replaces it with a higher fee, also after a restart, and is mined once", async () => {
        epoch += 1n;
        await stack.use(spender);
        await stack.chain.setAutomine(false);
        const wallet = addressOf(operator);
        const nonce = BigInt(await stack.client.getTransactionCount({ address: wallet }));
        const killed = await stack.newSettler(killedAt("sent", 2), {
          BUMP_AFTER_MILLISECONDS: "100",
        });
        expect(String(await killed.step().catch((error: unknown) => error))).to.include("killed");

        const settler = await stack.newSettler(undefined, { BUMP_AFTER_MILLISECONDS: "100" });
        const stepping = settler.step().catch((error: unknown) => error);
        const attempts = await eventually("three attempts", async () => {
          const known = await stack.context.transactions.attemptsOf(wallet, nonce);
          return known.length >= 3 ? known : null;
        });
        for (const [index, { maxFeePerGas, maxPriorityFeePerGas }] of attempts.entries()) {
          const before = attempts[index - 1];
          if (before === undefined) continue;
          // Both fees rise by an eighth: nodes reject smaller increases.
          expect(maxFeePerGas * 8n >= before.maxFeePerGas * 9n).to.equal(true);
          expect(maxPriorityFeePerGas * 8n >= before.maxPriorityFeePerGas * 9n).to.equal(true);
        }

        await stack.chain.setAutomine(true);
        await stack.chain.mine({ blocks: 1 });
        await stepping;
        await stack.untilOnChain(settler, epoch);
        await expectOneOf(epoch);
      });

      it("offers at most MAX_FEE_PER_GAS_GWEI and reports it", async () => {
        epoch += 1n;
        await stack.use(spender);
        await stack.chain.setNextBlockBaseFeePerGas({ baseFeePerGas: 3_000_000_000n });
        await stack.chain.mine({ blocks: 1 });
        const thrifty = await stack.newSettler(undefined, { MAX_FEE_PER_GAS_GWEI: "1" });
        const failure = await thrifty.step().catch((error: unknown) => error);
        expect(String(failure)).to.match(/MAX_FEE_PER_GAS_GWEI allows 1000000000/);
        await stack.untilOnChain(await stack.newSettler(), epoch);
        await expectOneOf(epoch);
      });
    });

    // Last, because it changes the signers.
    context(
      "when the signers change after a checkpoint was signed and before it is on chain",
      () => {
        it("cuts the epoch again, because the contract no longer accepts the first checkpoint", async () => {
          epoch += 1n;
          await stack.use(spender);
          const killed = await stack.newSettler(killedAt("kept"));
          expect(String(await killed.step().catch((error: unknown) => error))).to.include("killed");
          const signed = await stack.checkpoints.latest();
          expect(signed).to.include({ isSigning: true, status: "prepared" });

          // The announced key is configured ahead, which makes its journal.
          const settler = await stack.newSettler(undefined, {
            SIGNER_PRIVATE_KEYS: `${signer.privateKey},${bob.privateKey}`,
          });
          await stack.changeSigners([addressOf(bob)]);
          const checkpoint = await stack.untilOnChain(settler, epoch);
          expect(checkpoint.id).to.not.equal(signed?.id);
          expect(checkpoint.signatures.map((one) => one.signer)).to.deep.equal([addressOf(bob)]);
          expect(await stack.submissionsOf(epoch)).to.have.length(1);
          const [, old] = await stack.checkpoints.list({ before: null, limit: 2 });
          expect(old).to.include({ id: signed?.id, status: "dropped" });
        });
      },
    );
  });
}
