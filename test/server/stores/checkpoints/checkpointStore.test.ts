import { expect } from "chai";
import { type Address, zeroHash } from "viem";

import { commitToRows } from "@compute-credits/protocol/data/checkpointData";
import type { Row } from "@compute-credits/protocol/tree/row";
import { buildTree } from "@compute-credits/protocol/tree/tree";
import { createCheckpointStore } from "../../../../server/stores/checkpoints/postgresCheckpointStore.ts";
import { available } from "@compute-credits/rules/accounts/account";
import { totalsOf } from "@compute-credits/rules/checkpoints/totals";
import type { StoredCheckpoint } from "../../../../server/stores/checkpoints/checkpointStore.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const [early, account, provider] = [party(1), party(5), party(9)];
const MAX_FEE_BPS = 1_000n;

for (const { name, open } of databaseKinds) {
  describe(`checkpointStore on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;

    before(async () => {
      database = await open();
    });
    beforeEach(async () => {
      ledger = await emptyLedger(database);
    });
    after(() => database.close());

    const cut = () => ledger.checkpoints.cut(MAX_FEE_BPS);

    async function cutOne(): Promise<StoredCheckpoint> {
      const checkpoint = await cut();
      if (checkpoint === null) throw new Error("nothing was cut");
      return checkpoint;
    }

    async function makeFinal({ message }: StoredCheckpoint): Promise<void> {
      const { epoch, root } = message;
      await ledger.chainEvents({
        type: "checkpoint_submitted",
        epoch,
        root,
        finalAt: new Date(0),
      });
    }

    /** Buys 1,000 credits for the owner. Returns a spender of its allowance. */
    async function openAccount(owner: Address) {
      await ledger.purchase(owner, "1000");
      const { message } = await ledger.allow(owner);
      await ledger.grantAccess(message.spender, provider);
      return message.spender;
    }

    async function spend(spender: `0x${string}`, quantity: bigint): Promise<void> {
      const [outcome] = await ledger.usage.record([usageEvent({ provider, spender, quantity })]);
      expect(outcome?.result).to.equal("debited");
    }

    async function eventuallyCut(): Promise<StoredCheckpoint> {
      for (;;) {
        const checkpoint = await cut();
        if (checkpoint !== null) return checkpoint;
        await new Promise(setImmediate);
      }
    }

    context("when usage was recorded", () => {
      it("cuts all parties' rows with totals, root and data hash", async () => {
        // A checkpoint has the newest block's time, here that of the purchase.
        const before = await ledger.allowances.now();
        const spender = await openAccount(account);
        await openAccount(early);
        await spend(spender, 1_000_000n);
        const checkpoint = await cutOne();
        const after = await ledger.allowances.now();

        // The fee is 2 %. Parties with purchases only have nothing to settle yet.
        const rows: Row[] = [
          { party: account, spent: 1_000_000n, refunded: 0n, earned: 0n },
          { party: provider, spent: 0n, refunded: 0n, earned: 980_000n },
        ];
        const { asOf, ...message } = checkpoint.message;
        expect(message).to.deep.equal({
          epoch: 1n,
          previousRoot: zeroHash,
          root: buildTree(rows).root,
          dataHash: commitToRows(rows).dataHash,
          spent: 1_000_000n,
          refunded: 0n,
          earned: 980_000n,
        });
        expect(Number(asOf)).to.be.within(
          Math.floor(before.getTime() / 1000),
          Math.floor(after.getTime() / 1000),
        );
        expect(checkpoint).to.deep.include({
          status: "prepared",
          partyCount: 2,
          finalAt: null,
          signatures: [],
          isSigning: false,
        });
        expect(await ledger.checkpoints.rows(checkpoint.id)).to.deep.equal(rows);
      });

      it("cuts no second checkpoint before the first is final", async () => {
        const spender = await openAccount(account);
        await spend(spender, 100n);
        const { message } = await cutOne();
        await spend(spender, 100n);
        expect(await cut()).to.equal(null);

        const inAnHour = new Date(Date.now() + 3_600_000);
        await ledger.chainEvents({
          type: "checkpoint_submitted",
          epoch: 1n,
          root: message.root,
          finalAt: inAnHour,
        });
        expect(await cut()).to.equal(null);
      });
    });

    context("when nothing changed", () => {
      it("cuts nothing", async () => {
        expect(await cut()).to.equal(null);
        await ledger.purchase(account, "1000");
        expect(await cut()).to.equal(null);

        await spend(await openAccount(account), 100n);
        await makeFinal(await cutOne());
        expect(await cut()).to.equal(null);
      });
    });

    context("when new parties are added", () => {
      it("keeps the places of the others, independent of the addresses", async () => {
        await spend(await openAccount(account), 100n);
        const first = await cutOne();
        await makeFinal(first);
        await spend(await openAccount(early), 200n);
        const second = await cutOne();

        expect(await ledger.checkpoints.rows(second.id)).to.deep.equal([
          { party: account, spent: 100n, refunded: 0n, earned: 0n },
          { party: provider, spent: 0n, refunded: 0n, earned: 294n },
          { party: early, spent: 200n, refunded: 0n, earned: 0n },
        ]);
        expect(second.message).to.include({ epoch: 2n, previousRoot: first.message.root });
        // The first checkpoint still has its original rows.
        expect(await ledger.checkpoints.rows(first.id)).to.deep.equal([
          { party: account, spent: 100n, refunded: 0n, earned: 0n },
          { party: provider, spent: 0n, refunded: 0n, earned: 98n },
        ]);
      });
    });

    context("when a checkpoint was dropped", () => {
      it("cuts its epoch again on the same predecessor, with later changes", async () => {
        const spender = await openAccount(account);
        await spend(spender, 100n);
        const first = await cutOne();
        await makeFinal(first);

        await spend(spender, 100n);
        const { epoch, root } = (await cutOne()).message;
        await ledger.chainEvents({
          type: "checkpoint_submitted",
          epoch,
          root,
          finalAt: new Date(Date.now() + 3_600_000),
        });
        await ledger.chainEvents({ type: "checkpoint_dropped", epoch, root });
        await spend(spender, 100n);
        const again = await cutOne();

        expect(again.message).to.include({
          epoch: 2n,
          previousRoot: first.message.root,
          spent: 300n,
          earned: 294n,
        });
        expect(await ledger.checkpoints.latest()).to.deep.equal(again);
        expect(await ledger.checkpoints.byEpoch(2n)).to.deep.equal(again);
        expect(await ledger.checkpoints.rows(again.id)).to.deep.equal([
          { party: account, spent: 300n, refunded: 0n, earned: 0n },
          { party: provider, spent: 0n, refunded: 0n, earned: 294n },
        ]);
      });

      it("cuts it again even if nothing changed", async () => {
        await spend(await openAccount(account), 100n);
        const dropped = await cutOne();
        await makeFinal(dropped);
        const { epoch, root } = dropped.message;
        await ledger.chainEvents({ type: "checkpoint_dropped", epoch, root });
        const { asOf, ...again } = (await cutOne()).message;
        expect(again).to.include({ epoch: 1n, root });
        // The contract voids what is dated up to the second of the drop.
        const { time } = await ledger.chainStore.cursor();
        expect(asOf > BigInt(Math.floor(time.getTime() / 1_000))).to.equal(true);
      });
    });

    context("when refunds were requested", () => {
      it("moves the refunds into the row, where they cannot be spent", async () => {
        const spender = await openAccount(account);
        await spend(spender, 100n);
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: 999_000_000n,
          unspentMicros: 1_000_000_000n,
          refundedMicros: 0n,
        });
        const free = available(await ledger.accounts.balance(account));
        const { id, message } = await cutOne();

        expect(message.refunded).to.equal(999_000_000n);
        expect((await ledger.checkpoints.rows(id))[0]).to.deep.equal({
          party: account,
          spent: 100n,
          refunded: 999_000_000n,
          earned: 0n,
        });
        const balance = await ledger.accounts.balance(account);
        expect(balance).to.include({ refunding: 0n, refunded: 999_000_000n });
        expect(available(balance)).to.equal(free);
      });

      it("lists the rows that serve them until the contract has paid", async () => {
        await spend(await openAccount(account), 100n);
        await ledger.chainEvents({
          type: "refund_requested",
          account,
          requestedMicros: 5n,
          unspentMicros: 1_000_000_000n,
          refundedMicros: 0n,
        });
        const checkpoint = await cutOne();
        await makeFinal(checkpoint);
        const row = { party: account, spent: 100n, refunded: 5n, earned: 0n };
        expect(await ledger.checkpoints.refundRows(checkpoint.id, { limit: 10 })).to.deep.equal([
          row,
        ]);
        expect(await ledger.checkpoints.refundRows(checkpoint.id, { limit: 0 })).to.deep.equal([]);

        await ledger.chainEvents(
          { type: "row_settled", epoch: 1n, ...row },
          { type: "refund_served", account },
        );
        expect(await ledger.checkpoints.refundRows(checkpoint.id, { limit: 10 })).to.deep.equal([]);
      });
    });

    context("when several servers cut at once", () => {
      it("cuts one checkpoint and no server fails", async () => {
        await spend(await openAccount(account), 100n);
        const servers = Array.from({ length: 8 }, () => createCheckpointStore(database));
        // Opens the connections first, so that all cuts start at the same time.
        await Promise.all(servers.map((server) => server.latest()));
        const results = await Promise.allSettled(servers.map((server) => server.cut(MAX_FEE_BPS)));

        expect(await ledger.checkpoints.list({ before: null, limit: 10 })).to.have.length(1);
        expect(results.filter(({ status }) => status === "rejected")).to.deep.equal([]);
        expect(
          results.filter((result) => result.status === "fulfilled" && result.value !== null),
        ).to.have.length(1);
      });
    });

    context("when debits run during the cuts", () => {
      it("cuts a consistent snapshot without partial debits", async () => {
        const accounts = [party(21), party(22), party(23)];
        const spenders: `0x${string}`[] = [];
        for (const each of accounts) spenders.push(await openAccount(each));
        const cuts = new AbortController();
        const writers = spenders.map(async (spender) => {
          while (!cuts.signal.aborted) await spend(spender, 100_000n);
        });

        const seen: bigint[] = [];
        for (let n = 0; n < 6; n++) {
          const checkpoint = await eventuallyCut();
          const rows = await ledger.checkpoints.rows(checkpoint.id);
          const { spent, refunded, earned } = totalsOf(rows);
          expect({ spent, refunded, earned }).to.deep.equal({
            spent: checkpoint.message.spent,
            refunded: 0n,
            earned: checkpoint.message.earned,
          });
          // Every debit's fee is exactly 2 %.
          expect((spent - earned) * 50n).to.equal(spent);
          expect(commitToRows(rows).root).to.equal(checkpoint.message.root);
          seen.push(spent);
          await makeFinal(checkpoint);
        }
        cuts.abort();
        await Promise.all(writers);

        await cut();
        const last = await ledger.checkpoints.latest();
        const balances = await Promise.all(accounts.map((each) => ledger.accounts.balance(each)));
        expect(last?.message.spent).to.equal(balances.reduce((sum, each) => sum + each.spent, 0n));
        expect(seen).to.deep.equal(seen.toSorted((a, b) => (a < b ? -1 : 1)));
      });
    });

    context("when the books do not balance", () => {
      it("cuts nothing and throws the violation", async () => {
        await spend(await openAccount(account), 1_000n);
        await database.query("update earnings set earned = 1001");
        const failure = await cut().catch((error: unknown) => error);
        expect(failure)
          .to.be.instanceOf(Error)
          .with.property("message")
          .that.matches(/^the books do not balance: I2: earned 1001 exceeds spent 1000/);
        expect(await ledger.checkpoints.list({ before: null, limit: 10 })).to.deep.equal([]);
      });
    });

    context("when many checkpoints exist", () => {
      it("lists them newest first, in pages, with their signatures", async () => {
        const spender = await openAccount(account);
        for (let n = 0; n < 3; n++) {
          await spend(spender, 100n);
          await makeFinal(await cutOne());
        }
        await ledger.submissions.keepOwnSignatures(2n, [{ signer: account, signature: "0x1234" }]);

        const first = await ledger.checkpoints.list({ before: null, limit: 2 });
        const second = await ledger.checkpoints.list({ before: first[1]?.id ?? 0n, limit: 2 });
        expect([first, second].map((page) => page.map(({ id }) => id))).to.deep.equal([
          [3n, 2n],
          [1n],
        ]);
        expect(first[1]?.signatures).to.deep.equal([{ signer: account, signature: "0x1234" }]);
      });
    });
  });
}
