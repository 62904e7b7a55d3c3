import { expect } from "chai";
import type { Address, Hex } from "viem";

import { available } from "@compute-credits/rules/accounts/account";
import { BURN_WINDOWS } from "@compute-credits/rules/insight/burn";
import { limitsPassed } from "@compute-credits/rules/insight/limitsPassed";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type {
  DebitPlace,
  Grouping,
  LogOwner,
} from "../../../../server/stores/insight/insightStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(5_000);
const otherProvider = party(5_001);
const EVERYTHING = { meter: null, spender: null, from: null, to: null };
const LONG = { from: new Date("2020-01-01"), to: new Date("2100-01-01"), limit: 1_000 };
let partyCount = 5_100;

for (const { name, open } of databaseKinds) {
  describe(`insight on ${name}`, () => {
    let ledger: Ledger;
    let account: Address;
    let spender: Hex;
    let allowance: Hex;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    beforeEach(async () => {
      account = party(partyCount++);
      await ledger.purchase(account, "100");
      ({
        id: allowance,
        message: { spender },
      } = await ledger.allow(account, { priority: 9 }));
      await ledger.grantAccess(spender, provider);
      await ledger.grantAccess(spender, otherProvider);
    });

    const ofAccount = (): LogOwner => ({ role: "account", address: account });

    async function spend(quantity: bigint, fields: Partial<UsageEvent> = {}): Promise<UsageEvent> {
      const event = usageEvent({ provider, spender, quantity, ...fields });
      const [outcome] = await ledger.usage.record([event]);
      expect(outcome?.result).to.equal("debited");
      return event;
    }

    /** Moves everything recorded of the account `seconds` into the past. */
    async function age(seconds: number): Promise<void> {
      const values = [`\\x${account.slice(2)}`, seconds];
      for (const table of ["debits", "purchases"]) {
        // oxlint-disable-next-line no-await-in-loop -- two statements
        await ledger.database.query(
          `update ${table} set recorded_at = recorded_at - make_interval(secs => $2)
             where account = $1`,
          values,
        );
      }
      await ledger.database.query(
        `update voids set voided_at = voided_at - make_interval(secs => $2)
         where event_id in (select event_id from debits where account = $1)`,
        values,
      );
    }

    async function explained(event: Pick<UsageEvent, "provider" | "id">) {
      const found = await ledger.insight.explain(event);
      if (found === null) throw new Error("nothing to explain");
      return found;
    }

    async function limits(event: Pick<UsageEvent, "provider" | "id">) {
      const { parts } = await explained(event);
      return parts.map(({ debit, facts }) => limitsPassed(facts, debit.recordedAt));
    }

    async function pages(owner: LogOwner, limit: number): Promise<string[]> {
      const seen: string[] = [];
      let after: DebitPlace | null = null;
      for (;;) {
        const page = await ledger.insight.debits(owner, EVERYTHING, { after, limit });
        seen.push(...page.map(({ eventId, part }) => `${eventId}/${part}`));
        after = page.at(-1) ?? null;
        if (page.length < limit) return seen;
        if (seen.length > 10_000) throw new Error("the pages do not end");
      }
    }

    const groups = async (groupBy: Grouping, owner = ofAccount()) =>
      await ledger.insight.usage(owner, { ...LONG, groupBy });

    async function cut() {
      const checkpoint = await ledger.checkpoints.cut(1_000n);
      if (checkpoint === null) throw new Error("nothing was cut");
      await ledger.chainEvents({
        type: "checkpoint_submitted",
        epoch: checkpoint.message.epoch,
        root: checkpoint.message.root,
        finalAt: new Date(0),
      });
      return checkpoint.message.epoch;
    }

    describe("debits", () => {
      it("are listed in pages, newest first, without gaps or repetitions", async () => {
        const ids: string[] = [];
        for (let batch = 0; batch < 3; batch++) {
          // Recorded in one millisecond: only the rest of the key orders them.
          const events = Array.from({ length: 7 }, () => usageEvent({ provider, spender }));
          await ledger.usage.record(events);
          ids.unshift(
            ...events
              .map(({ id }) => `${id}/0`)
              .toSorted()
              .toReversed(),
          );
          await age(1);
        }
        const all = await pages(ofAccount(), 1_000);
        expect(all.toSorted()).to.deep.equal(ids.toSorted());
        expect(await pages(ofAccount(), 1)).to.deep.equal(all);
        expect(await pages(ofAccount(), 4)).to.deep.equal(all);
        const newest = new Set(all.slice(0, 7));
        expect(ids.slice(0, 7).every((id) => newest.has(id))).to.equal(true);
      });

      it("are listed for their own provider and account only", async () => {
        const mine = await spend(3n, { provider: otherProvider });
        await spend(4n);
        const owner: LogOwner = { role: "provider", address: otherProvider };
        const [newest] = await ledger.insight.debits(owner, EVERYTHING, { after: null, limit: 1 });
        expect(newest).to.deep.include({ eventId: mine.id, amountMicros: 3n, feeMicros: 0n });
        const stranger: LogOwner = { role: "account", address: party(9) };
        expect(
          await ledger.insight.debits(stranger, EVERYTHING, { after: null, limit: 9 }),
        ).to.deep.equal([]);
      });

      it("are filtered by meter, spender and time of recording", async () => {
        const second = await ledger.allow(account);
        await ledger.grantAccess(second.message.spender, provider);
        const old = await spend(1n);
        await age(3_600);
        const own = await spend(2n);
        const theirs = await spend(3n, { spender: second.message.spender });
        const ids = async (filter: object) =>
          (
            await ledger.insight.debits(
              ofAccount(),
              { ...EVERYTHING, ...filter },
              { after: null, limit: 9 },
            )
          )
            .map(({ eventId }) => eventId)
            .toSorted();
        const hourAgo = new Date(Date.now() - 1_800_000);
        expect(await ids({ spender: second.message.spender })).to.deep.equal([theirs.id]);
        expect(await ids({ to: hourAgo })).to.deep.equal([old.id]);
        expect(await ids({ from: hourAgo })).to.deep.equal([own.id, theirs.id].toSorted());
        expect(await ids({ meter: "units" })).to.have.length(3);
        expect(await ids({ meter: "others" })).to.deep.equal([]);
      });

      it("show which events were voided", async () => {
        const event = await spend(5n);
        await ledger.usage.void(event);
        const [debit] = await ledger.insight.debits(ofAccount(), EVERYTHING, {
          after: null,
          limit: 1,
        });
        expect(debit?.voidedAt).to.be.instanceOf(Date);
      });
    });

    describe("usage", () => {
      it("sums debits without voided ones, to the micro-credit", async () => {
        await spend(100n);
        await spend(51n);
        await ledger.usage.void(await spend(7n));
        const sums = { meter: "units", quantity: 151n, events: 2n };
        // The fee is 2 % of each, rounded down: 2 and 1.
        const amounts = { amountMicros: 151n, feeMicros: 3n };
        expect(await groups("meter")).to.deep.equal([{ key: "units", ...sums, ...amounts }]);
        expect(await groups("allowance")).to.deep.equal([{ key: allowance, ...sums, ...amounts }]);
        expect(await groups("spender")).to.deep.equal([{ key: spender, ...sums, ...amounts }]);
        expect(await groups("provider")).to.deep.equal([{ key: provider, ...sums, ...amounts }]);
      });

      it("groups by UTC days in any session time zone", async () => {
        const event = await spend(5n);
        await ledger.database.query("update debits set recorded_at = $2 where event_id = $1", [
          event.id,
          new Date("2026-03-01T00:00:00Z"),
        ]);
        await spend(6n, { id: `${event.id}/2` });
        await ledger.database.query("update debits set recorded_at = $2 where event_id = $1", [
          `${event.id}/2`,
          new Date("2026-02-28T23:59:59.999Z"),
        ]);
        const days = await groups("day");
        expect(days.map(({ key, amountMicros }) => [key, amountMicros])).to.deep.equal([
          ["2026-02-28", 6n],
          ["2026-03-01", 5n],
        ]);
        const exactly = {
          groupBy: "day" as const,
          from: new Date("2026-02-28"),
          to: new Date("2026-03-01"),
          limit: 9,
        };
        expect(
          (await ledger.insight.usage(ofAccount(), exactly)).map(({ key }) => key),
        ).to.deep.equal(["2026-02-28"]);
      });

      it("counts an event once if several allowances paid for it", async () => {
        await ledger.allow(account, { spender, priority: 1, limit: 30n });
        const sponsor = party(partyCount++);
        await ledger.purchase(sponsor, "1");
        await ledger.allow(sponsor, { spender, priority: 0, limit: 10n });
        const event = await spend(100n, { provider: otherProvider });
        expect((await explained(event)).parts).to.have.length(3);

        const [own] = await groups("meter");
        expect(own).to.deep.include({ quantity: 100n, events: 1n, amountMicros: 90n });
        const [theirs] = await groups("meter", { role: "account", address: sponsor });
        expect(theirs).to.deep.include({ quantity: 100n, events: 1n, amountMicros: 10n });
        const earnings: LogOwner = { role: "provider", address: otherProvider };
        const byAccount = await groups("account", earnings);
        const paid = byAccount.filter(({ key }) => key === account || key === sponsor);
        expect(paid.map(({ events, amountMicros }) => [events, amountMicros])).to.have.deep.members(
          [
            [1n, 90n],
            [1n, 10n],
          ],
        );
      });
    });

    describe("runway and budgets", () => {
      it("reads account, holds and spending windows on one snapshot", async () => {
        await spend(1_000n);
        await age(2 * 3_600);
        await spend(500n);
        await ledger.usage.void(await spend(77n));
        const hold = await ledger.holds.authorize({
          provider,
          id: `hold ${partyCount++}`,
          spender,
          meter: "units",
          dimensions: {},
          quantity: 400n,
          ttlSeconds: 600,
        });
        expect(hold.result).to.equal("held");
        const outlook = await ledger.insight.outlook(account, BURN_WINDOWS);
        expect(outlook.windows).to.deep.equal([
          { windowSeconds: 3_600n, spentMicros: 500n },
          { windowSeconds: 86_400n, spentMicros: 1_500n },
          { windowSeconds: 604_800n, spentMicros: 1_500n },
        ]);
        expect(available(outlook.account)).to.equal(100_000_000n - 1_900n);
        expect(outlook.allowances.map(({ id }) => id)).to.deep.equal([allowance]);
        expect(outlook.holds.map(({ heldMicros }) => heldMicros)).to.deep.equal([400n]);
      });

      it("leaves out revoked and expired allowances and those of an earlier counter", async () => {
        const soon = BigInt(Math.floor(Date.now() / 1000)) + 60n;
        await ledger.allow(account, { expiresAt: 1n });
        const later = await ledger.allow(account, { expiresAt: soon });
        await ledger.allowances.revoke(allowance, "0x00");
        const outlook = await ledger.insight.outlook(account, BURN_WINDOWS);
        expect(outlook.allowances.map(({ id }) => id)).to.deep.equal([later.id]);
        await ledger.chainEvents({ type: "counter_raised", account, counter: 1n });
        expect((await ledger.insight.outlook(account, BURN_WINDOWS)).allowances).to.deep.equal([]);
      });

      it("lists each allowance's spending of the last day, in pages", async () => {
        const second = await ledger.allow(account, { spender, priority: 1, limit: 30n });
        await spend(100n);
        await age(90_000);
        await spend(4n);
        const whole = await ledger.insight.budgets(
          { role: "account", address: account },
          { after: null, limit: 9 },
        );
        expect(
          whole.budgets.map(({ allowance: { id }, spent24hMicros }) => [id, spent24hMicros]),
        ).to.deep.equal([
          [allowance, 4n],
          [second.id, 0n],
        ]);
        const rest = await ledger.insight.budgets(
          { role: "account", address: account },
          { after: allowance, limit: 9 },
        );
        expect(rest.budgets.map(({ allowance: { id } }) => id)).to.deep.equal([second.id]);
      });
    });

    describe("explain", () => {
      it("shows what was left of balance, allowance and cap", async () => {
        const capped = { spender, priority: 1, limit: 500n, accountCap: 1_000n };
        await ledger.allow(account, capped);
        const first = await spend(200n);
        await age(10);
        await ledger.usage.void(await spend(50n));
        await age(5);
        const second = await spend(400n);
        // Bought after the event, so it was not available then.
        await age(1);
        await ledger.purchase(account, "1");

        const [ofFirst] = await limits(first);
        expect(ofFirst).to.deep.equal({
          accountBalance: { leftMicros: 99_999_800n },
          allowanceLimit: { limitMicros: 500n, spentMicros: 200n, leftMicros: 300n },
          campaignLimit: null,
          accountCap: { capMicros: 1_000n, spentMicros: 200n, leftMicros: 800n },
        });
        const ofSecond = await limits(second);
        expect(ofSecond.map(({ allowanceLimit }) => allowanceLimit)).to.deep.include({
          limitMicros: 500n,
          spentMicros: 500n,
          leftMicros: 0n,
        });
        expect(ofSecond[0]?.accountBalance).to.deep.equal({ leftMicros: 99_999_400n });
      });

      it("marks facts that the log does not contain", async () => {
        const key = { provider, id: `hold ${partyCount++}` };
        const work = { spender, meter: "units", dimensions: {}, quantity: 400n, ttlSeconds: 600 };
        await ledger.holds.authorize({ ...key, ...work });
        const during = await spend(5n);
        const unknown = { leftMicros: null, unknownBecause: "held_amounts_not_kept" };
        expect((await limits(during))[0]?.accountBalance).to.deep.equal(unknown);

        await ledger.holds.release(key);
        const after = await spend(6n);
        expect((await limits(after))[0]?.accountBalance).to.deep.equal({
          leftMicros: 99_999_989n,
        });
        expect((await limits(during))[0]?.accountBalance).to.deep.equal(unknown);
      });

      it("names the hold of a capture, and none of a reported event", async () => {
        const key = { provider, id: `hold ${partyCount++}` };
        const work = { spender, meter: "units", dimensions: {}, quantity: 400n, ttlSeconds: 600 };
        await ledger.holds.authorize({ ...key, ...work });
        await ledger.holds.authorize({ ...key, ...work, id: `${key.id} other` });
        const eventId = `${key.id}/captured`;
        await ledger.holds.capture({ ...key, eventId, quantity: 300n, final: false });
        expect((await explained({ provider, id: eventId })).holdId).to.equal(key.id);
        expect((await explained(await spend(1n))).holdId).to.equal(null);
      });

      it("names the first checkpoint that contains an event, and none of a voided one", async () => {
        const first = await spend(100n);
        const taken = await spend(30n);
        await ledger.usage.void(taken);
        expect((await explained(first)).firstEpoch).to.equal(null);
        const epoch = await cut();
        const second = await spend(100n);
        expect((await explained(first)).firstEpoch).to.equal(epoch);
        expect((await explained(taken)).firstEpoch).to.equal(null);
        expect((await explained(second)).firstEpoch).to.equal(null);
        const next = await cut();
        expect((await explained(second)).firstEpoch).to.equal(next);
        expect((await explained(first)).firstEpoch).to.equal(epoch);
      });

      it("finds the checkpoint by its rows, not by its time alone", async () => {
        const first = await spend(100n);
        const epoch = await cut();
        // Recorded before the cut was stored, but committed after its snapshot.
        const late = await spend(100n);
        await ledger.database.query(
          `update debits set recorded_at = (select date_trunc('milliseconds', cut_at)
             from checkpoints where epoch = $2 and not dropped)
           where event_id = $1`,
          [late.id, epoch],
        );
        expect((await explained(late)).firstEpoch).to.equal(null);
        expect((await explained(first)).firstEpoch).to.equal(epoch);
      });

      it("returns null for an event that was never debited", async () => {
        expect(await ledger.insight.explain({ provider, id: "nowhere" })).to.equal(null);
      });
    });
  });
}
