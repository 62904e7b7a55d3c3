import { expect } from "chai";
import type { Address, Hex } from "viem";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { createDepletedAllowances } from "../../../../server/stores/usage/depletedAllowances.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { recordStatements } from "../../../fixtures/observedDatabase.ts";

const provider = party(1_000);

for (const { name, open } of databaseKinds) {
  describe(`debits past depleted allowances on ${name}`, () => {
    let ledger: Ledger;
    /** every statement, of the ledger's tests too */
    let texts: string[];
    let parties = 0;

    before(async () => {
      const recorded = recordStatements(await open());
      texts = recorded.texts;
      ledger = await openLedger(recorded.database);
    });
    after(() => ledger.database.close());

    async function accountWith100Micros(): Promise<Address> {
      const account = party(parties++);
      await ledger.purchase(account, "0.0001");
      return account;
    }

    /** A spender with an allowance of its own account. Another account's may stand in front. */
    async function paidSpender() {
      const account = await accountWith100Micros();
      const { message } = await ledger.allow(account);
      await ledger.grantAccess(message.spender, provider);
      return { account, spender: message.spender };
    }

    /** Debits one event; says which accounts paid, and how many statements that took. */
    async function spend(spender: Hex, quantity = 1n) {
      const event = usageEvent({ provider, spender, quantity });
      texts.length = 0;
      const [outcome] = await ledger.usage.record([event]);
      const statements = texts.length;
      return { event, statements, paid: accountsOf(outcome) };
    }

    /** An allowance of another account, in front of the spender's own. */
    async function sponsored(
      spender: Hex,
      { credits = "0.0001", ...fields }: Parameters<Ledger["allow"]>[1] & { credits?: string } = {},
    ) {
      const sponsor = party(parties++);
      await ledger.purchase(sponsor, credits);
      const { id } = await ledger.allow(sponsor, { spender, priority: 1, ...fields });
      return { sponsor, id };
    }

    /** What a debit takes that was predicted rightly: two charges, and the check of one allowance. */
    const FAST = 3;

    interface Case {
      readonly what: string;
      /** lets the account in front pay 5 micro-credits, and nothing more */
      readonly prepare: (spender: Hex) => Promise<{ sponsor: Address; id: Hex }>;
      /** depletes it, if the 5 micro-credits did not */
      readonly deplete?: (sponsor: Address, id: Hex) => Promise<unknown>;
      /** lets it pay again */
      readonly refill?: (sponsor: Address, spent: UsageEvent) => Promise<unknown>;
    }

    const voidIt = (_: Address, spent: UsageEvent) => ledger.usage.void(spent);
    const CASES: readonly Case[] = [
      {
        what: "has reached its limit",
        prepare: (spender) => sponsored(spender, { limit: 5n }),
        refill: voidIt,
      },
      {
        what: "has reached its account's cap",
        prepare: (spender) => sponsored(spender, { accountCap: 5n }),
        refill: voidIt,
      },
      {
        what: "is of an account without credits",
        prepare: (spender) => sponsored(spender, { credits: "0.000005" }),
        refill: (sponsor) => ledger.purchase(sponsor, "0.0001"),
      },
      {
        what: "has reached what its contract wallet has on record",
        prepare: async (spender) => {
          const made = await sponsored(spender, { byContract: true });
          await recordCap(made.sponsor, 5n);
          return made;
        },
        refill: (sponsor) => recordCap(sponsor, 50n),
      },
      {
        what: "was revoked",
        prepare: (spender) => sponsored(spender),
        deplete: (_, id) => ledger.allowances.revoke(id, "0x00"),
      },
      {
        what: "has an old counter",
        prepare: (spender) => sponsored(spender),
        deplete: (account) => ledger.chainEvents({ type: "counter_raised", account, counter: 1n }),
      },
      {
        what: "was granted from a campaign that is used up",
        prepare: (spender) => granted(spender),
        refill: voidIt,
      },
    ];

    const recordCap = (account: Address, accountCapMicros: bigint) =>
      ledger.chainEvents({ type: "cap_recorded", account, counter: 0n, accountCapMicros });

    async function granted(spender: Hex) {
      const { sponsor, id } = await sponsored(apiKeySpender("nobody's"), { limit: 5n });
      const terms = { period: 0n, rollover: 0n, startsAt: null, expiresAt: null, scope: null };
      const grant = { ...terms, key: "grant", spender, limit: 50n, priority: 1 };
      await ledger.grants.issue(id, [grant], await ledger.issuerOf(id));
      return { sponsor, id };
    }

    for (const { what, prepare, deplete, refill } of CASES) {
      it(`reads no row again if the one in front ${what}`, async () => {
        const { account, spender } = await paidSpender();
        const { sponsor, id } = await prepare(spender);
        const first = await spend(spender, 5n);
        expect(first.paid).to.deep.equal([sponsor]);
        await deplete?.(sponsor, id);
        expect((await spend(spender)).paid).to.deep.equal([account]);
        const { paid, statements } = await spend(spender);
        expect({ paid, statements }).to.deep.equal({ paid: [account], statements: FAST });
        if (refill === undefined) return;
        await refill(sponsor, first.event);
        expect((await spend(spender)).paid).to.deep.equal([sponsor]);
      });
    }

    it("lets it pay what has come back, and the next one the rest", async () => {
      const { account, spender } = await paidSpender();
      const { sponsor, id } = await sponsored(spender, { limit: 5n });
      expect((await spend(spender, 6n)).paid).to.deep.equal([sponsor, account]);
      // As if an older event of one micro-credit were void.
      await ledger.database.query("update allowance_usage set period_spent = 4 where id = $1", [
        bytea(id),
      ]);
      expect((await spend(spender, 6n)).paid).to.deep.equal([sponsor, account]);
    });

    it("looks at the account as it was before the batch", async () => {
      const { account, spender } = await paidSpender();
      const { sponsor } = await sponsored(spender, { credits: "0.000005" });
      expect((await spend(spender, 5n)).paid).to.deep.equal([sponsor]);
      expect((await spend(spender)).paid).to.deep.equal([account]);
      await ledger.purchase(sponsor, "0.000005");
      const other = await ledger.allow(sponsor);
      await ledger.grantAccess(other.message.spender, provider);
      // The second event would take all, but the first comes before it.
      const events = [
        usageEvent({ provider, spender, quantity: 1n }),
        usageEvent({ provider, spender: other.message.spender, quantity: 5n }),
      ];
      const [first, second] = await ledger.usage.record(events);
      expect(accountsOf(first)).to.deep.equal([sponsor]);
      expect(second).to.containSubset({ refusal: { reason: "insufficient_credits" } });
    });
  });
}

describe("createDepletedAllowances", () => {
  it("forgets an allowance that can pay again, and all when there are too many", () => {
    const depleted = createDepletedAllowances(2);
    const ids: readonly Hex[] = ["0x01", "0x02", "0x03"];
    depleted.note(new Map([["0x01", true]]));
    expect(depleted.has("0x01")).to.equal(true);
    depleted.note(new Map([["0x01", false]]));
    expect(depleted.has("0x01")).to.equal(false);
    depleted.note(new Map(ids.map((id) => [id, true])));
    expect(ids.map(depleted.has)).to.deep.equal([false, false, true]);
  });
});

function accountsOf(outcome: UsageOutcome | undefined): Address[] {
  if (outcome?.result !== "debited") throw new Error(`not debited: ${JSON.stringify(outcome)}`);
  return outcome.charges.map(({ account }) => account);
}
