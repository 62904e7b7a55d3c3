import { expect } from "chai";
import { type Hex, padHex } from "viem";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { bytea } from "@compute-credits/platform/postgres/values";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(1_000);
const DAY = 86_400n;

for (const { name, open } of databaseKinds) {
  describe(`wrong predictions of debits on ${name}`, () => {
    let ledger: Ledger;
    let parties = 0;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    /**
     * Creates a spender whose allowance is cached: its account bought 100 micro-credits and has
     * spent 1.
     */
    async function cachedSpender(options: Parameters<Ledger["allow"]>[1] = {}) {
      const account = party(parties++);
      await ledger.purchase(account, "0.0001");
      const allowance = await ledger.allow(account, options);
      const { spender } = allowance.message;
      await ledger.grantAccess(spender, provider);
      expect(await spend(spender, 1n)).to.deep.equal(["debited"]);
      return { account, allowance, spender };
    }

    /** Like `cachedSpender`, of a contract wallet with 10 micro-credits on record. */
    async function cachedWallet() {
      const account = party(parties++);
      await ledger.purchase(account, "0.0001");
      await capRecorded(account, 10n);
      const allowance = await ledger.allow(account, { byContract: true });
      const { spender } = allowance.message;
      await ledger.grantAccess(spender, provider);
      expect(await spend(spender, 1n)).to.deep.equal(["debited"]);
      return { account, spender };
    }

    async function spend(spender: Hex, ...quantities: bigint[]): Promise<string[]> {
      const events = quantities.map((quantity) => usageEvent({ provider, spender, quantity }));
      return (await ledger.usage.record(events)).map(said);
    }

    const capRecorded = (account: Hex, accountCapMicros: bigint, counter = 0n) =>
      ledger.chainEvents({ type: "cap_recorded", account, counter, accountCapMicros });

    async function spentOf(account: Hex): Promise<bigint> {
      return (await ledger.accounts.balance(account)).spent;
    }

    async function usageOf(id: Hex) {
      const found = await ledger.allowances.find(id);
      if (found === null) throw new Error("the allowance is missing");
      return found.usage;
    }

    it("debits the events that fit if their sum does not", async () => {
      const { account, allowance, spender } = await cachedSpender();
      expect(await spend(spender, 60n, 60n, 39n)).to.deep.equal([
        "debited",
        "insufficient_credits",
        "debited",
      ]);
      expect(await spentOf(account)).to.equal(100n);
      expect(await usageOf(allowance.id)).to.include({
        spentMicros: 100n,
        periodSpentMicros: 100n,
      });
    });

    context("when a contract wallet signed the allowance", () => {
      it("debits up to what is on record, with what is on hold", async () => {
        const { account, spender } = await cachedWallet();
        expect(await spend(spender, 10n, 4n)).to.deep.equal(["cap_not_recorded", "debited"]);
        const request = { provider, spender, meter: "units", dimensions: {}, ttlSeconds: 60 };
        const hold = (quantity: bigint) =>
          ledger.holds.authorize({ ...request, id: `${account} ${quantity}`, quantity });
        expect(await hold(6n)).to.containSubset({ refusal: { reason: "cap_not_recorded" } });
        expect(await hold(5n)).to.include({ result: "held" });
        expect(await spend(spender, 1n)).to.deep.equal(["cap_not_recorded"]);
        const captured = { provider, id: `${account} 5`, eventId: `${account} 5`, quantity: 5n };
        expect(await ledger.holds.capture({ ...captured, final: true })).to.include({
          result: "captured",
        });
        expect(await spentOf(account)).to.equal(10n);
      });

      it("counts a recording at once, and for its own counter only", async () => {
        const { account, spender } = await cachedWallet();
        expect(await spend(spender, 20n)).to.deep.equal(["cap_not_recorded"]);
        // A cap of a later counter waits for it.
        await capRecorded(account, 90n, 1n);
        expect(await spend(spender, 20n)).to.deep.equal(["cap_not_recorded"]);
        await capRecorded(account, 50n);
        expect(await spend(spender, 20n)).to.deep.equal(["debited"]);

        await ledger.chainEvents({ type: "counter_raised", account, counter: 1n });
        expect(await spend(spender, 1n)).to.deep.equal(["allowance_revoked"]);
        const next = await ledger.allow(account, { spender, byContract: true });
        expect(next.message.counter).to.equal(1n);
        expect(await spend(spender, 70n, 69n)).to.deep.equal(["cap_not_recorded", "debited"]);
        expect(await spentOf(account)).to.equal(90n);

        await ledger.chainEvents({ type: "counter_raised", account, counter: 2n });
        await ledger.allow(account, { spender, byContract: true });
        expect(await spend(spender, 1n)).to.deep.equal(["cap_not_recorded"]);
      });

      it("binds the grants of its campaign", async () => {
        const account = party(parties++);
        await ledger.purchase(account, "0.0001");
        const campaign = await ledger.allow(account, { byContract: true });
        const spender = apiKeySpender(`grantee ${account}`);
        const terms = { period: 0n, rollover: 0n, startsAt: null, expiresAt: null };
        const grant = { ...terms, key: "grant", spender, limit: 50n, priority: null, scope: null };
        await ledger.grants.issue(campaign.id, [grant], await ledger.issuerOf(campaign.id));
        await ledger.grantAccess(spender, provider);
        expect(await spend(spender, 1n)).to.deep.equal(["cap_not_recorded"]);
        await capRecorded(account, 7n);
        expect(await spend(spender, 8n, 7n)).to.deep.equal(["cap_not_recorded", "debited"]);
        expect(await spentOf(account)).to.equal(7n);
      });

      it("counts an allowance that an older server did not look at as a contract's", async () => {
        const { account, allowance, spender } = await cachedSpender();
        await ledger.database.query(
          "update signed_allowances set by_contract = null where id = $1",
          [bytea(allowance.id)],
        );
        const again = await openLedger(ledger.database);
        const [outcome] = await again.usage.record([
          usageEvent({ provider, spender, quantity: 1n }),
        ]);
        expect(outcome === undefined ? null : said(outcome)).to.equal("cap_not_recorded");
        expect(await spentOf(account)).to.equal(1n);
      });
    });

    it("returns a charge to the account if the allowance refuses it", async () => {
      const { account, allowance, spender } = await cachedSpender({ limit: 10n });
      expect(await spend(spender, 8n, 8n)).to.deep.equal(["debited", "allowance_exhausted"]);
      expect(await spentOf(account)).to.equal(9n);
      expect(await usageOf(allowance.id)).to.include({ spentMicros: 9n, periodSpentMicros: 9n });
    });

    it("refuses if the cached allowance was revoked since", async () => {
      const { account, allowance, spender } = await cachedSpender();
      await ledger.allowances.revoke(allowance.id, "0x00");
      expect(await spend(spender, 5n)).to.deep.equal(["allowance_revoked"]);
      expect(await spentOf(account)).to.equal(1n);
      expect(await usageOf(allowance.id)).to.include({ spentMicros: 1n, periodSpentMicros: 1n });
    });

    it("refuses if the account's counter was raised since", async () => {
      const { account, spender } = await cachedSpender();
      await ledger.chainEvents({ type: "counter_raised", account, counter: 1n });
      expect(await spend(spender, 5n)).to.deep.equal(["allowance_revoked"]);
      expect(await spentOf(account)).to.equal(1n);
    });

    it("refuses above the signed cap", async () => {
      const { account, spender } = await cachedSpender({ accountCap: 50n });
      expect(await spend(spender, 49n, 1n)).to.deep.equal(["debited", "account_cap_reached"]);
      expect(await spentOf(account)).to.equal(50n);
    });

    it("charges an allowance that was added since and has priority", async () => {
      const { account, allowance, spender } = await cachedSpender();
      const first = await ledger.allow(account, { spender, priority: 1, limit: 7n });
      expect(await spend(spender, 5n, 5n)).to.deep.equal(["debited", "debited"]);
      expect((await usageOf(first.id)).spentMicros).to.equal(7n);
      expect((await usageOf(allowance.id)).spentMicros).to.equal(4n);
      expect(await spentOf(account)).to.equal(11n);
    });

    it("charges the next account if the first is empty, every time", async () => {
      const { account, spender } = await cachedSpender();
      const sponsor = party(parties++);
      await ledger.purchase(sponsor, "0.00001");
      await ledger.allow(sponsor, { spender, priority: 1 });
      for (const expected of [6n, 10n, 10n]) {
        // oxlint-disable-next-line no-await-in-loop -- one try after the other
        expect(await spend(spender, 6n)).to.deep.equal(["debited"]);
        // oxlint-disable-next-line no-await-in-loop -- and what it did
        expect(await spentOf(sponsor)).to.equal(expected);
      }
      expect(await spentOf(account)).to.equal(1n + 18n - 10n);
    });

    it("starts the next period with the rollover", async () => {
      const { account, allowance, spender } = await cachedSpender({
        limit: 10n,
        period: DAY,
        rollover: 3n,
        startsAt: BigInt(Math.floor(Date.now() / 1000)) - 10n * DAY,
      });
      await ledger.database.query(
        "update allowance_usage set period_index = period_index - 2 where id = $1",
        [`\\x${allowance.id.slice(2)}`],
      );
      expect(await spend(spender, 13n, 1n)).to.deep.equal(["debited", "allowance_exhausted"]);
      expect(await usageOf(allowance.id)).to.deep.equal({
        periodIndex: 10n,
        carriedMicros: 3n,
        periodSpentMicros: 13n,
        spentMicros: 14n,
      });
      expect(await spentOf(account)).to.equal(14n);
    });

    it("refuses a provider without access and returns the charge", async () => {
      const { account, allowance, spender } = await cachedSpender();
      const stranger = party(999);
      const event = usageEvent({ provider: stranger, spender, quantity: 5n });
      expect((await ledger.usage.record([event])).map(said)).to.deep.equal(["access_not_granted"]);
      expect(await spentOf(account)).to.equal(1n);
      expect((await usageOf(allowance.id)).spentMicros).to.equal(1n);
    });

    it("returns the first outcome of a repetition that would be refused now", async () => {
      const { account, spender } = await cachedSpender();
      const event = usageEvent({ provider, spender, quantity: 99n });
      const [first] = await ledger.usage.record([event]);
      const [again, other] = await ledger.usage.record([event, { ...event, quantity: 98n }]);
      expect(again).to.deep.equal({ ...first, repeated: true });
      expect(other === undefined ? "" : said(other)).to.equal("event_id_conflict");
      expect(await spentOf(account)).to.equal(100n);
    });

    it("refuses another event with the id of an earlier one of the batch as a conflict", async () => {
      const { account, spender } = await cachedSpender();
      const event = usageEvent({ provider, spender, quantity: 5n });
      // Each would be refused for another reason, had the id not been used just before.
      const others = [{ spender: padHex("0x99") }, { meter: "magic" }, { provider: party(999) }];
      const batch = [event, ...others.map((fields) => ({ ...event, ...fields }))];
      expect((await ledger.usage.record(batch)).map(said)).to.deep.equal([
        "debited",
        "event_id_conflict",
        "event_id_conflict",
        // Ids are unique for each provider.
        "access_not_granted",
      ]);
      expect(await spentOf(account)).to.equal(6n);
    });

    it("charges only new events in a batch with repetitions", async () => {
      const { account, spender } = await cachedSpender();
      const event = usageEvent({ provider, spender, quantity: 10n });
      const [first] = await ledger.usage.record([event]);
      const fresh = usageEvent({ provider, spender, quantity: 20n });
      const [again, charged] = await ledger.usage.record([event, fresh]);
      expect(again).to.deep.equal({ ...first, repeated: true });
      expect(charged).to.include({ result: "debited", costMicros: 20n, repeated: false });
      expect(await spentOf(account)).to.equal(31n);
    });

    it("refuses a sum beyond a bigint with the missing amount", async () => {
      const { account, spender } = await cachedSpender();
      const most = 2n ** 63n - 1n;
      expect(await spend(spender, most, most)).to.deep.equal([
        "insufficient_credits",
        "insufficient_credits",
      ]);
      expect(await spentOf(account)).to.equal(1n);
    });

    it("keeps an allowance's total spending within a bigint", async () => {
      const most = 2n ** 63n - 1n;
      const { account, allowance, spender } = await cachedSpender({ limit: most });
      // Like after a renewal: nothing spent in this period, but something in total.
      await ledger.database.query("update allowance_usage set period_spent = 0 where id = $1", [
        `\\x${allowance.id.slice(2)}`,
      ]);
      expect(await spend(spender, most)).to.deep.equal(["insufficient_credits"]);
      expect(await spentOf(account)).to.equal(1n);
      expect(await usageOf(allowance.id)).to.include({ spentMicros: 1n, periodSpentMicros: 0n });
    });

    it("refuses a spender without allowances", async () => {
      expect(await spend(apiKeySpender("nobody's"), 1n)).to.deep.equal(["access_not_granted"]);
    });
  });
}

function said(outcome: UsageOutcome): string {
  return outcome.result === "refused" ? outcome.refusal.reason : outcome.result;
}
