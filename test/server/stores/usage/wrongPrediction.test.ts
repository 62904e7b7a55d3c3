import { expect } from "chai";
import type { Hex } from "viem";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(1_000);
const DAY = 86_400n;

for (const { name, open } of databaseKinds) {
  describe(`what a batch was expected to take and does not, on ${name}`, () => {
    let ledger: Ledger;
    let parties = 0;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    /** A spender of an account with 100 micro-credits and one allowance, of which the ledger has debited 1: it is known. */
    async function knownSpender(wish: Parameters<Ledger["allow"]>[1] = {}) {
      const account = party(parties++);
      await ledger.purchase(account, "0.0001");
      const allowance = await ledger.allow(account, wish);
      const { spender } = allowance.message;
      await ledger.grantAccess(spender, provider);
      expect(await spend(spender, 1n)).to.deep.equal(["debited"]);
      return { account, allowance, spender };
    }

    async function spend(spender: Hex, ...quantities: bigint[]): Promise<string[]> {
      const events = quantities.map((quantity) => usageEvent({ provider, spender, quantity }));
      return (await ledger.usage.record(events)).map(said);
    }

    async function spentOf(account: Hex): Promise<bigint> {
      return (await ledger.accounts.balance(account)).spent;
    }

    async function usageOf(id: Hex) {
      const found = await ledger.allowances.find(id);
      if (found === null) throw new Error("the allowance is gone");
      return found.usage;
    }

    it("debits what fits of a sum that does not, and writes that and no more", async () => {
      const { account, allowance, spender } = await knownSpender();
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

    it("gives back what an allowance refuses to the account that had it", async () => {
      const { account, allowance, spender } = await knownSpender({ limit: 10n });
      expect(await spend(spender, 8n, 8n)).to.deep.equal(["debited", "allowance_exhausted"]);
      expect(await spentOf(account)).to.equal(9n);
      expect(await usageOf(allowance.id)).to.include({ spentMicros: 9n, periodSpentMicros: 9n });
    });

    it("refuses what was revoked since the ledger saw the allowance", async () => {
      const { account, allowance, spender } = await knownSpender();
      await ledger.allowances.revoke(allowance.id, "0x00");
      expect(await spend(spender, 5n)).to.deep.equal(["allowance_revoked"]);
      expect(await spentOf(account)).to.equal(1n);
      expect(await usageOf(allowance.id)).to.include({ spentMicros: 1n, periodSpentMicros: 1n });
    });

    it("refuses what the account's counter has ended", async () => {
      const { account, spender } = await knownSpender();
      await ledger.chainEvents({ type: "counter_raised", account, counter: 1n });
      expect(await spend(spender, 5n)).to.deep.equal(["allowance_revoked"]);
      expect(await spentOf(account)).to.equal(1n);
    });

    it("refuses over the cap that was signed", async () => {
      const { account, spender } = await knownSpender({ accountCap: 50n });
      expect(await spend(spender, 49n, 1n)).to.deep.equal(["debited", "account_cap_reached"]);
      expect(await spentOf(account)).to.equal(50n);
    });

    it("takes from an allowance that came since, and goes first", async () => {
      const { account, allowance, spender } = await knownSpender();
      const first = await ledger.allow(account, { spender, priority: 1, limit: 7n });
      expect(await spend(spender, 5n, 5n)).to.deep.equal(["debited", "debited"]);
      expect((await usageOf(first.id)).spentMicros).to.equal(7n);
      expect((await usageOf(allowance.id)).spentMicros).to.equal(4n);
      expect(await spentOf(account)).to.equal(11n);
    });

    it("takes from the next account where the first has nothing, at each of several tries", async () => {
      const { account, spender } = await knownSpender();
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

    it("opens the next period with what rolls over", async () => {
      const { account, allowance, spender } = await knownSpender({
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

    it("refuses a provider without access, and gives back", async () => {
      const { account, allowance, spender } = await knownSpender();
      const stranger = party(999);
      const event = usageEvent({ provider: stranger, spender, quantity: 5n });
      expect((await ledger.usage.record([event])).map(said)).to.deep.equal(["access_not_granted"]);
      expect(await spentOf(account)).to.equal(1n);
      expect((await usageOf(allowance.id)).spentMicros).to.equal(1n);
    });

    it("answers a repetition that would be refused now as it did the first time", async () => {
      const { account, spender } = await knownSpender();
      const event = usageEvent({ provider, spender, quantity: 99n });
      const [first] = await ledger.usage.record([event]);
      const [again, other] = await ledger.usage.record([event, { ...event, quantity: 98n }]);
      expect(again).to.deep.equal({ ...first, repeated: true });
      expect(other === undefined ? "" : said(other)).to.equal("event_id_conflict");
      expect(await spentOf(account)).to.equal(100n);
    });

    it("answers repetitions among new events, and charges only these", async () => {
      const { account, spender } = await knownSpender();
      const event = usageEvent({ provider, spender, quantity: 10n });
      const [first] = await ledger.usage.record([event]);
      const fresh = usageEvent({ provider, spender, quantity: 20n });
      const [again, charged] = await ledger.usage.record([event, fresh]);
      expect(again).to.deep.equal({ ...first, repeated: true });
      expect(charged).to.include({ result: "debited", costMicros: 20n, repeated: false });
      expect(await spentOf(account)).to.equal(31n);
    });

    it("adds up to what a bigint holds, and says what is missing", async () => {
      const { account, spender } = await knownSpender();
      const most = 2n ** 63n - 1n;
      expect(await spend(spender, most, most)).to.deep.equal([
        "insufficient_credits",
        "insufficient_credits",
      ]);
      expect(await spentOf(account)).to.equal(1n);
    });

    it("adds to what an allowance has spent in all no more than a bigint holds", async () => {
      const most = 2n ** 63n - 1n;
      const { account, allowance, spender } = await knownSpender({ limit: most });
      // As a renewal leaves it: nothing spent in this period, something in all.
      await ledger.database.query("update allowance_usage set period_spent = 0 where id = $1", [
        `\\x${allowance.id.slice(2)}`,
      ]);
      expect(await spend(spender, most)).to.deep.equal(["insufficient_credits"]);
      expect(await spentOf(account)).to.equal(1n);
      expect(await usageOf(allowance.id)).to.include({ spentMicros: 1n, periodSpentMicros: 0n });
    });

    it("knows no spender that has no allowance", async () => {
      expect(await spend(apiKeySpender("nobody's"), 1n)).to.deep.equal(["allowance_not_found"]);
    });
  });
}

function said(outcome: UsageOutcome): string {
  return outcome.result === "refused" ? outcome.refusal.reason : outcome.result;
}
