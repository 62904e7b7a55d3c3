import { expect } from "chai";
import type { Address, Hex } from "viem";

import type { StoredCheckpoint } from "../../../../server/stores/checkpoints/checkpointStore.ts";
import { createReceiptRecords } from "../../../../server/stores/checkpoints/postgresReceiptRecords.ts";
import { writeOffUncovered } from "../../../../server/workers/settlement/writeOffUncovered.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import type { Database } from "@compute-credits/platform/postgres/database";

const [payer, operator, provider] = [party(1), party(2), party(3)];

/** Every ended counter's grace is over at once. */
const NO_GRACE = { counterGraceSeconds: 0 };
const DAY = { counterGraceSeconds: 86_400 };

for (const { name: kind, open } of databaseKinds) {
  describe(`write-offs on ${kind}`, () => {
    let database: Database;
    let ledger: Ledger;
    let spender: Hex;

    before(async () => {
      database = await open();
    });
    after(() => database.close());
    beforeEach(async () => {
      ledger = await emptyLedger(database);
      for (const account of [payer, operator]) {
        // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
        await ledger.purchase(account, "1");
      }
      await ledger.allow(operator, { accountCap: 900_000n });
      spender = await newSpender();
    });

    async function newSpender(accountCap = 10_000n): Promise<Hex> {
      const { message } = await ledger.allow(payer, { accountCap });
      await ledger.grantAccess(message.spender, provider);
      return message.spender;
    }

    async function use(quantity: bigint) {
      const event = usageEvent({ provider, spender, quantity });
      const [outcome] = await ledger.usage.record([event]);
      expect(outcome?.result).to.equal("debited");
      return event;
    }

    async function cut(): Promise<StoredCheckpoint> {
      const next = await ledger.checkpoints.cut(1_000n);
      if (next === null) throw new Error("nothing was cut");
      return next;
    }

    async function finalise({ message: { epoch, root } }: StoredCheckpoint): Promise<void> {
      const finalAt = new Date(0);
      await ledger.chainEvents({ type: "checkpoint_submitted", epoch, root, finalAt });
    }

    const raiseCounter = (counter = 1n) =>
      ledger.chainEvents({ type: "counter_raised", account: payer, counter });
    const spentBy = async (account: Address) => (await ledger.accounts.balance(account)).spent;
    const writeOff = (terms = NO_GRACE, by: Address | null = operator) =>
      ledger.writeOffs.writeOff(by, terms);

    it("moves what is in no final table to the operator's account, and all sums stay", async () => {
      await use(100n);
      await finalise(await cut());
      const late = await use(60n);
      await raiseCounter();
      const spending = { account: payer, uncoveredMicros: 60n };
      expect(await writeOff()).to.deep.equal({ writtenOff: [spending], left: [] });
      expect(await spentBy(payer)).to.equal(100n);
      expect(await spentBy(operator)).to.equal(60n);
      expect(await writeOff()).to.deep.equal({ writtenOff: [], left: [] });

      // The provider keeps what it earned, and cannot give it back to the payer any more.
      expect(await ledger.usage.void(late)).to.deep.equal({
        result: "refused",
        reason: "written_off",
      });
      const next = await cut();
      expect(next.message).to.include({ spent: 160n, earned: 157n });
      const rows = await ledger.checkpoints.rows(next.id);
      expect(rows).to.deep.include({ party: payer, spent: 100n, refunded: 0n, earned: 0n });
      expect(rows).to.deep.include({ party: operator, spent: 60n, refunded: 0n, earned: 0n });
    });

    it("counts a table that was dropped as none", async () => {
      await use(100n);
      const { message } = await cut();
      const { epoch, root } = message;
      await ledger.chainEvents({ type: "checkpoint_submitted", epoch, root, finalAt: new Date() });
      await ledger.chainEvents({ type: "checkpoint_dropped", epoch, root });
      await raiseCounter();
      await writeOff();
      expect(await spentBy(payer)).to.equal(0n);
      expect((await cut()).message.spent).to.equal(100n);
    });

    it("writes nothing off within the grace, or while a newer cap covers it", async () => {
      await use(100n);
      await raiseCounter();
      expect(await writeOff(DAY)).to.deep.equal({ writtenOff: [], left: [] });
      await newSpender(100n);
      expect(await writeOff()).to.deep.equal({ writtenOff: [], left: [] });
    });

    it("leaves what a newer cap covers with the account", async () => {
      await use(100n);
      await raiseCounter();
      await newSpender(30n);
      await writeOff();
      expect(await spentBy(payer)).to.equal(30n);
      expect(await spentBy(operator)).to.equal(70n);
    });

    it("counts no cap that a contract wallet can disown, unless it is on record", async () => {
      await use(100n);
      await raiseCounter();
      await newSpender(100n);
      await database.query("update signed_allowances set by_contract = true where counter = 1");
      await ledger.chainEvents({
        type: "cap_recorded",
        account: payer,
        counter: 1n,
        accountCapMicros: 80n,
      });
      await writeOff();
      expect(await spentBy(payer)).to.equal(80n);
    });

    it("gives what comes free to an open refund request first", async () => {
      await use(100n);
      await ledger.chainEvents(
        {
          type: "refund_requested",
          account: payer,
          requestedMicros: 1_000_000n,
          unspentMicros: 1_000_000n,
          refundedMicros: 0n,
        },
        { type: "counter_raised", account: payer, counter: 1n },
      );
      await writeOff();
      expect(await ledger.accounts.balance(payer)).to.include({ spent: 0n, refunding: 1_000_000n });
    });

    it("stops at the credits and the cap of the operator's account, the smallest amounts first", async () => {
      const others = [party(11), party(12), party(13)];
      for (const [index, account] of others.entries()) {
        // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
        await ledger.purchase(account, "1");
        // oxlint-disable-next-line no-await-in-loop
        const { message } = await ledger.allow(account);
        // oxlint-disable-next-line no-await-in-loop
        await ledger.grantAccess(message.spender, provider);
        const quantity = [500_000n, 400_000n, 600_000n][index] ?? 0n;
        // oxlint-disable-next-line no-await-in-loop
        await ledger.usage.record([usageEvent({ provider, spender: message.spender, quantity })]);
        // oxlint-disable-next-line no-await-in-loop
        await ledger.chainEvents({ type: "counter_raised", account, counter: 1n });
      }
      expect(await writeOff()).to.deep.equal({
        writtenOff: [
          { account: others[1], uncoveredMicros: 400_000n },
          { account: others[0], uncoveredMicros: 500_000n },
        ],
        left: [{ account: others[2], uncoveredMicros: 600_000n }],
      });
      expect(await spentBy(operator)).to.equal(900_000n);
      expect((await writeOff()).left).to.have.length(1);
      expect((await writeOff(NO_GRACE, null)).left).to.have.length(1);
    });

    it("charges once if two servers write off at once", async () => {
      await use(100n);
      await raiseCounter();
      const results = await Promise.all([writeOff(), writeOff(), writeOff()]);
      expect(results.flatMap(({ writtenOff }) => writtenOff)).to.have.length(1);
      expect(await spentBy(operator)).to.equal(100n);
    });

    it("voids what no account pays for, except what a receipt counts", async () => {
      const receipts = createReceiptRecords(database);
      const told: string[] = [];
      const withoutPayer = () =>
        writeOffUncovered({
          writeOffs: ledger.writeOffs,
          usage: ledger.usage,
          writeOffAccount: null,
          terms: NO_GRACE,
          events: {
            writtenOff: () => expect.fail("nobody pays"),
            voidedUncovered: ({ uncoveredMicros }, events) =>
              told.push(`${uncoveredMicros} in ${events}`),
          },
        });
      await use(10n);
      await finalise(await cut());
      await use(20n);
      await receipts.record(provider);
      await use(30n);
      await use(40n);
      await raiseCounter();
      expect(await withoutPayer()).to.deep.equal([{ account: payer, uncoveredMicros: 20n }]);
      expect(told).to.deep.equal(["90 in 2"]);
      expect(await spentBy(payer)).to.equal(30n);
      expect(await withoutPayer()).to.deep.equal([{ account: payer, uncoveredMicros: 20n }]);
    });

    it("lists events that may be voided instead, newest first", async () => {
      await use(1n);
      await finalise(await cut());
      const [second, third] = [await use(2n), await use(3n)];
      // In one millisecond.
      await database.query("update debits set recorded_at = (select max(recorded_at) from debits)");
      await database.query("update checkpoints set cut_at = cut_at - interval '1 second'");
      await database.query("delete from debits where amount_micros = 1");
      expect(await ledger.writeOffs.voidableEvents(payer, 10)).to.deep.equal([
        { provider, id: third.id, amountMicros: 3n },
        { provider, id: second.id, amountMicros: 2n },
      ]);
      expect(await ledger.writeOffs.voidableEvents(payer, 1)).to.have.length(1);
    });

    it("tells before the grace ends which spending is in no final table", async () => {
      await use(100n);
      await raiseCounter();
      const soon = { ...DAY, withinSeconds: 86_400, limit: 10 };
      const [expiring] = await ledger.writeOffs.expiringCoverage(soon);
      expect(expiring).to.include({ account: payer, openMicros: 100n });
      const later = { ...DAY, withinSeconds: 43_200, limit: 10 };
      expect(await ledger.writeOffs.expiringCoverage(later)).to.deep.equal([]);
      await finalise(await cut());
      expect(await ledger.writeOffs.expiringCoverage(soon)).to.deep.equal([]);
    });

    it("notices that a cap lost its force after the cut", async () => {
      await use(100n);
      const { id } = await cut();
      expect(await ledger.writeOffs.hasLostCover(id, NO_GRACE)).to.equal(false);
      await raiseCounter();
      expect(await ledger.writeOffs.hasLostCover(id, DAY)).to.equal(false);
      expect(await ledger.writeOffs.hasLostCover(id, NO_GRACE)).to.equal(true);
      await newSpender(100n);
      expect(await ledger.writeOffs.hasLostCover(id, NO_GRACE)).to.equal(false);
    });
  });
}
