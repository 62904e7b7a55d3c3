import { expect } from "chai";
import { numberToHex, zeroHash } from "viem";

import { parseCredits } from "@compute-credits/protocol/amounts";
import { createChainStore } from "../../../../server/stores/chain/postgresChainStore.ts";
import { available } from "@compute-credits/rules/accounts/account";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { Database } from "@compute-credits/platform/postgres/database";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger, hashOf, party, usageEvent } from "../../../fixtures/ledger.ts";

const [account, stranger, provider] = [party(1), party(2), party(3)];

for (const { name, open } of databaseKinds) {
  describe(`chainStore on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;

    before(async () => {
      database = await open();
    });
    beforeEach(async () => {
      ledger = await emptyLedger(database);
    });
    after(() => database.close());

    const balance = () => ledger.accounts.balance(account);

    async function step(number: bigint, ...events: ChainEvent[]) {
      const upTo = { number, hash: hashOf(`block ${number}`), time: new Date(1_000) };
      return { from: await ledger.chainStore.cursor(), upTo, events };
    }

    /** Records an event of `micros`. Returns the refusal, or the result. */
    async function spend(spender: `0x${string}`, micros: bigint) {
      const [outcome] = await ledger.usage.record([
        usageEvent({ provider, spender, quantity: micros }),
      ]);
      return outcome?.result === "refused" ? outcome.refusal : outcome?.result;
    }

    async function newSpender() {
      const { message } = await ledger.allow(account);
      await ledger.grantAccess(message.spender, provider);
      return message.spender;
    }

    async function cutOne() {
      await ledger.purchase(account, "1");
      await spend(await newSpender(), 100n);
      const checkpoint = await ledger.checkpoints.cut(1_000n);
      if (checkpoint === null) throw new Error("nothing was cut");
      return checkpoint;
    }

    context("when a purchase is read", () => {
      it("credits the account, even if another party paid, and advances the cursor", async () => {
        expect(await ledger.chainStore.apply(await step(7n, purchasedIn(7n, 500n)))).to.equal(true);

        expect((await balance()).purchased).to.equal(500n);
        expect((await ledger.accounts.balance(stranger)).purchased).to.equal(0n);
        expect(await ledger.chainStore.cursor()).to.deep.equal({
          number: 7n,
          hash: hashOf("block 7"),
          time: new Date(1_000),
        });
      });

      it("adds to earlier purchases", async () => {
        await ledger.chainStore.apply(await step(1n, purchasedIn(1n, 500n)));
        await ledger.chainStore.apply(await step(2n, purchasedIn(2n, 1n)));
        expect((await balance()).purchased).to.equal(501n);
      });
    });

    context("when a second server applies the same blocks", () => {
      it("changes nothing if the cursor is stale, and returns false", async () => {
        const same = await step(1n, purchasedIn(1n, 500n));
        expect(await ledger.chainStore.apply(same)).to.equal(true);
        expect(await ledger.chainStore.apply(same)).to.equal(false);
        expect((await balance()).purchased).to.equal(500n);
      });

      it("changes nothing if its cursor's block has another hash", async () => {
        await ledger.chainStore.apply(await step(1n));
        const { from, ...rest } = await step(2n, purchasedIn(2n, 500n));
        const reorganised = { ...rest, from: { ...from, hash: hashOf("another block 1") } };
        expect(await ledger.chainStore.apply(reorganised)).to.equal(false);
        expect((await balance()).purchased).to.equal(0n);
      });

      it("applies them once if eight servers apply them at once", async () => {
        const same = await step(1n, purchasedIn(1n, 500n));
        const servers = Array.from({ length: 8 }, () => createChainStore(database));
        const applied = await Promise.all(servers.map((server) => server.apply(same)));
        expect(applied.filter(Boolean)).to.have.length(1);
        expect((await balance()).purchased).to.equal(500n);
      });
    });

    context("when an event cannot be applied", () => {
      it("applies no event of its block and keeps the cursor", async () => {
        const before = await ledger.chainStore.cursor();
        const unknown: ChainEvent = {
          type: "checkpoint_submitted",
          blockNumber: 1n,
          blockTime: new Date(1_000),
          logIndex: 1,
          transactionHash: zeroHash,
          epoch: 1n,
          root: hashOf("not ours"),
          finalAt: new Date(),
        };
        const failure = await ledger.chainStore
          .apply(await step(1n, purchasedIn(1n, 500n), unknown))
          .catch((error: unknown) => error);

        expect(failure)
          .to.be.instanceOf(Error)
          .with.property("message")
          .that.includes("which this ledger did not cut");
        expect((await balance()).purchased).to.equal(0n);
        expect(await ledger.chainStore.cursor()).to.deep.equal(before);
      });
    });

    context("when a refund is requested", () => {
      it("sets the credits aside, so that they cannot be spent", async () => {
        await ledger.purchase(account, "100");
        const by = await newSpender();
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: parseCredits("60"),
          unspentMicros: parseCredits("100"),
          refundedMicros: 0n,
        });

        expect(await balance()).to.include({ refunding: parseCredits("60"), refunded: 0n });
        expect(await spend(by, parseCredits("40") + 1n)).to.deep.equal({
          reason: "insufficient_credits",
          account,
          availableMicros: parseCredits("40"),
          neededMicros: parseCredits("40") + 1n,
          heldMicros: 0n,
        });
        expect(await spend(by, parseCredits("40"))).to.equal("debited");
      });

      it("sets aside at most the available credits", async () => {
        await ledger.purchase(account, "100");
        expect(await spend(await newSpender(), parseCredits("70"))).to.equal("debited");
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: parseCredits("100"),
          unspentMicros: parseCredits("100"),
          refundedMicros: 0n,
        });

        const after = await balance();
        expect(after.refunding).to.equal(parseCredits("30"));
        expect(available(after)).to.equal(0n);
      });

      it("throws if the account has no purchases, because events are missing", async () => {
        const failure = await ledger
          .chainEvents({
            type: "refund_requested",
            account: stranger,
            requestedMicros: 1n,
            unspentMicros: 1n,
            refundedMicros: 0n,
          })
          .catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(Error).with.property("message").that.includes("missing");
      });

      it("accepts the next request after the first was served", async () => {
        await ledger.purchase(account, "100");
        const unspentMicros = parseCredits("100");
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: 10n,
          unspentMicros,
          refundedMicros: 0n,
        });
        await ledger.chainEvents({ type: "refund_served", account });
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: 5n,
          unspentMicros: unspentMicros - 10n,
          refundedMicros: 10n,
        });
        expect((await balance()).refunding).to.equal(15n);
      });

      it("accepts the next request without RefundServed if the first request's credits were all spent", async () => {
        await ledger.purchase(account, "100");
        expect(await spend(await newSpender(), parseCredits("100"))).to.equal("debited");
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: parseCredits("100"),
          unspentMicros: parseCredits("100"),
          refundedMicros: 0n,
        });
        await ledger.purchase(account, "50");
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: parseCredits("50"),
          unspentMicros: parseCredits("150"),
          refundedMicros: 0n,
        });

        expect(await balance()).to.include({
          purchased: parseCredits("150"),
          spent: parseCredits("100"),
          refunding: parseCredits("50"),
        });
      });
    });

    context("when the counter is raised", () => {
      it("voids only the allowances that were signed before", async () => {
        await ledger.purchase(account, "100");
        const before = await newSpender();
        await ledger.chainEvents({ type: "counter_raised", account, counter: 1n });
        const after = await newSpender();

        expect(await spend(before, 1n)).to.deep.equal({ reason: "allowance_revoked" });
        expect(await spend(after, 1n)).to.equal("debited");
        expect(await ledger.allowances.counterOf(account)).to.equal(1n);
      });

      it("stores the counter of an address without purchases", async () => {
        await ledger.chainEvents({ type: "counter_raised", account: stranger, counter: 2n });
        expect(await ledger.allowances.counterOf(stranger)).to.equal(2n);
      });
    });

    context("when rows are settled", () => {
      it("stores each party's last row", async () => {
        const row = { type: "row_settled", party: account, refunded: 0n } as const;
        await ledger.chainEvents({ ...row, epoch: 1n, spent: 5n, earned: 1n });
        await ledger.chainEvents({ ...row, epoch: 2n, spent: 9n, earned: 2n, refunded: 3n });
        expect((await balance()).settled).to.deep.equal({ spent: 9n, refunded: 3n, earned: 2n });
      });
    });

    context("when a checkpoint is submitted", () => {
      it("is pending until it is final", async () => {
        const { message } = await cutOne();
        const { epoch, root } = message;
        const inAnHour = new Date(Date.now() + 3_600_000);
        await ledger.chainEvents({
          type: "checkpoint_submitted",
          epoch,
          root,
          finalAt: inAnHour,
        });
        expect(await ledger.checkpoints.byEpoch(1n)).to.deep.include({
          status: "pending",
          finalAt: inAnHour,
          transactionHash: zeroHash,
        });
        expect(await ledger.checkpoints.latestFinal()).to.equal(null);

        // The chain's clock may be ahead of the machine's.
        const from = await ledger.chainStore.cursor();
        const upTo = { number: 99n, hash: numberToHex(99n, { size: 32 }), time: inAnHour };
        await ledger.chainStore.apply({ from, upTo, events: [] });
        expect((await ledger.checkpoints.latestFinal())?.status).to.equal("final");
      });

      it("becomes final on an idle chain by elapsed time, not by a clock ahead of the chain's", async () => {
        const { epoch, root } = (await cutOne()).message;
        const finalAt = new Date(10_000);
        const from = await ledger.chainStore.cursor();
        const upTo = { number: from.number + 1n, hash: hashOf("quiet"), time: new Date(1_000) };
        const place = { blockNumber: upTo.number, blockTime: upTo.time, logIndex: 0 };
        const submitted: ChainEvent = {
          ...place,
          type: "checkpoint_submitted",
          transactionHash: zeroHash,
          epoch,
          root,
          finalAt,
        };
        await ledger.chainStore.apply({ from, upTo, events: [submitted] });
        await ledger.chainStore.recordIdle(upTo, 0);
        expect((await ledger.checkpoints.byEpoch(epoch))?.status).to.equal("pending");

        // As if the chain had been idle for nine seconds.
        await database.query("update chain_cursor set seen_at = seen_at - interval '9 s'");
        await ledger.chainStore.recordIdle(upTo, 0);
        expect((await ledger.checkpoints.byEpoch(epoch))?.status).to.equal("final");
      });

      it("no longer counts after it was dropped", async () => {
        const { epoch, root } = (await cutOne()).message;
        const finalAt = new Date(0);
        await ledger.chainEvents({ type: "checkpoint_submitted", epoch, root, finalAt });
        await ledger.chainEvents({ type: "checkpoint_dropped", epoch, root });
        expect(await ledger.checkpoints.latest()).to.equal(null);
        expect(await ledger.checkpoints.byEpoch(1n)).to.equal(null);
        const [kept] = await ledger.checkpoints.list({ before: null, limit: 10 });
        expect(kept?.status).to.equal("dropped");
      });
    });
  });
}

function purchasedIn(blockNumber: bigint, amountMicros: bigint): ChainEvent {
  return {
    type: "purchased",
    blockNumber,
    blockTime: new Date(1_000),
    logIndex: 0,
    transactionHash: zeroHash,
    account,
    payer: stranger,
    amountMicros,
    tokenAmount: 1n,
  };
}
