import { expect } from "chai";
import * as fc from "fast-check";
import type { Address, Hex } from "viem";

import { available } from "@compute-credits/rules/accounts/account";
import { createPriceReader } from "../../../../server/stores/pricing/priceReader.ts";
import { createRateIndexCache } from "../../../../server/stores/pricing/rateIndexCache.ts";
import { createUsageLedger } from "../../../../server/stores/usage/postgresUsageLedger.ts";
import { createWebhookStore } from "../../../../server/stores/webhooks/postgresWebhookStore.ts";
import { ageHold } from "../../../fixtures/ageHold.ts";
import { bothDatabases } from "../../../fixtures/databases.ts";
import { repeated } from "../../../fixtures/effort.ts";
import { type Ledger, RULES, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { addWebhook, ofAccount, sealer, takeEvents } from "../../../fixtures/webhooks.ts";

const provider = party(1_000);
let accounts = 1_100;

for (const { name, open } of bothDatabases) {
  describe(`events of the ledger on ${name}`, () => {
    let ledger: Ledger;
    let account: Address;
    let spender: Hex;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    beforeEach(async () => {
      account = party(accounts++);
      await ledger.purchase(account, "1");
      ({
        message: { spender },
      } = await ledger.allow(account));
      await ledger.grantAccess(spender, provider);
      await ledger.database.query("delete from webhook_endpoints");
    });

    const debit = async (quantity: bigint, usage = ledger.usage) => {
      const [outcome] = await usage.record([usageEvent({ provider, spender, quantity })]);
      return outcome?.result;
    };
    const taken = () => takeEvents(ledger.database);
    const watchBalance = (balanceBelowMicros: bigint) =>
      addWebhook(ledger.database, ofAccount(account), ["balance.low"], {
        thresholds: { balanceBelowMicros },
      });

    describe("balance.low", () => {
      it("comes once when the balance falls below, and again after it was back", async () => {
        await watchBalance(400_000n);
        await debit(600_000n);
        expect(await taken()).to.deep.equal([]);
        await debit(1n);
        await debit(1n);
        expect(await taken()).to.deep.equal([
          {
            kind: "balance.low",
            party: "account",
            body: { account, availableMicros: "399999", belowMicros: "400000" },
          },
        ]);
        await ledger.purchase(account, "0.000002");
        await debit(1n);
        expect(await taken()).to.have.length(1);
      });

      it("comes for a hold, not for its capture, and again after the capture was voided", async () => {
        await watchBalance(400_000n);
        const hold = { provider, id: "h", spender, meter: "units", dimensions: {} };
        await ledger.holds.authorize({ ...hold, quantity: 700_000n, ttlSeconds: 60 });
        expect(await taken()).to.have.length(1);
        await ledger.holds.capture({
          provider,
          id: "h",
          eventId: `capture-${account}`,
          quantity: 700_000n,
          final: true,
        });
        expect(await taken()).to.deep.equal([]);
        await ledger.usage.void({ provider, id: `capture-${account}` });
        await debit(700_000n);
        expect(await taken()).to.have.length(1);
      });

      it("comes at once if the balance is low when the threshold is new", async () => {
        await watchBalance(1_000_001n);
        expect(await taken()).to.have.length(1);
        await debit(1n);
        expect(await taken()).to.deep.equal([]);
      });

      it("does not come for what a transaction charges and takes back before it commits", async () => {
        await watchBalance(400_000n);
        await ledger.database.transaction(async (tx) => {
          const charge = "update accounts set spent = spent + $2 where address = $1";
          await tx.query(charge, [`\\x${account.slice(2)}`, 900_000n]);
          await tx.query(charge, [`\\x${account.slice(2)}`, -900_000n]);
        });
        expect(await taken()).to.deep.equal([]);
      });

      it("comes to each endpoint at its own threshold, and to a deleted one no more", async () => {
        const { webhook } = await watchBalance(500_000n);
        await watchBalance(300_000n);
        await debit(600_000n);
        expect((await taken()).map(({ body }) => body["belowMicros"])).to.deep.equal(["500000"]);
        const store = createWebhookStore(ledger.database, sealer, { most: 100 });
        await store.remove(webhook);
        await ledger.purchase(account, "1");
        await debit(1_390_000n);
        expect((await taken()).map(({ body }) => body["belowMicros"])).to.deep.equal(["300000"]);
      });

      it("comes once for each crossing, whatever two servers debit at once", async () => {
        const LOW = 500_000n;
        const other = createUsageLedger(
          ledger.database,
          RULES,
          createPriceReader(createRateIndexCache()),
        );
        const amounts = fc.array(fc.bigInt({ min: 1n, max: 200_000n }), { maxLength: 8 });
        await watchBalance(LOW);
        await fc.assert(
          fc.asyncProperty(
            fc.array(fc.record({ amounts, purchase: fc.bigInt({ min: 1n, max: 900_000n }) }), {
              minLength: 1,
              maxLength: 4,
            }),
            async (rounds) => {
              for (const { amounts: debits, purchase } of rounds) {
                // Debits alone cross the threshold at most once, in whatever order they come.
                // oxlint-disable-next-line no-await-in-loop -- one round after the other
                const before = available(await ledger.accounts.balance(account));
                // oxlint-disable-next-line no-await-in-loop
                await Promise.all(
                  debits.map((amount, n) => debit(amount, n % 2 === 0 ? ledger.usage : other)),
                );
                // oxlint-disable-next-line no-await-in-loop
                const after = available(await ledger.accounts.balance(account));
                const isCrossed = before >= LOW && after < LOW;
                // oxlint-disable-next-line no-await-in-loop
                expect(await taken(), `${before} → ${after}`).to.have.length(isCrossed ? 1 : 0);
                // oxlint-disable-next-line no-await-in-loop
                await ledger.purchase(account, `0.${`${purchase}`.padStart(6, "0")}`);
                // oxlint-disable-next-line no-await-in-loop
                expect(await taken()).to.deep.equal([]);
              }
            },
          ),
          { numRuns: repeated(8) },
        );
      });
    });

    describe("budget.reached", () => {
      it("comes once for each percent, and again after credits came back", async () => {
        const budget = await ledger.allow(account, { limit: 1_000n });
        await ledger.grantAccess(budget.message.spender, provider);
        ({ spender } = budget.message);
        await addWebhook(ledger.database, ofAccount(account), ["budget.reached"], {
          thresholds: { budgetPercents: [50, 100] },
        });
        const percents = async () => (await taken()).map(({ body }) => body["percent"]);
        await debit(499n);
        expect(await percents()).to.deep.equal([]);
        const [last] = [usageEvent({ provider, spender, quantity: 1n })];
        await ledger.usage.record([last]);
        expect(await taken()).to.deep.equal([
          {
            kind: "budget.reached",
            party: "account",
            body: {
              account,
              allowance: budget.id,
              spender,
              percent: 50,
              usedMicros: "500",
              limitMicros: "1000",
            },
          },
        ]);
        await debit(499n);
        expect(await percents()).to.deep.equal([]);
        await ledger.usage.void({ provider, id: last.id });
        await debit(2n);
        expect(await percents()).to.deep.equal([100]);
      });
    });

    it("budget.reached comes once for each percent, whatever two servers debit at once", async () => {
      const other = createUsageLedger(
        ledger.database,
        RULES,
        createPriceReader(createRateIndexCache()),
      );
      const budget = await ledger.allow(account, { limit: 1_000n });
      await ledger.grantAccess(budget.message.spender, provider);
      ({ spender } = budget.message);
      await addWebhook(ledger.database, ofAccount(account), ["budget.reached"], {
        thresholds: { budgetPercents: [30, 60, 100] },
      });
      await taken();
      await Promise.all(
        Array.from({ length: 10 }, (_, n) => debit(100n, n % 2 === 0 ? ledger.usage : other)),
      );
      const percents = (await taken()).map(({ body }) => body["percent"]);
      expect(percents).to.have.length(3).and.to.have.members([30, 60, 100]);
    });

    it("hold.expired comes to the provider and to the account", async () => {
      await addWebhook(ledger.database, ofAccount(account), ["hold.expired"]);
      await addWebhook(ledger.database, { party: "provider", address: provider }, ["hold.expired"]);
      const hold = { provider, id: `x-${account}`, spender, meter: "units", dimensions: {} };
      await ledger.holds.authorize({ ...hold, quantity: 1n, ttlSeconds: 60 });
      await ageHold(ledger.database, hold.id, 3_600);
      await ledger.holds.expireDue(10);
      const body = { provider, holdId: hold.id, spender };
      expect(await taken()).to.deep.equal([
        { kind: "hold.expired", party: "provider", body },
        { kind: "hold.expired", party: "account", body },
      ]);
      await ledger.holds.expireDue(10);
      expect(await taken()).to.deep.equal([]);
    });

    it("refund.due and refund.paid come to the account and the operator", async () => {
      const kinds = ["refund.due", "refund.paid"] as const;
      await addWebhook(ledger.database, ofAccount(account), kinds);
      await addWebhook(ledger.database, { party: "operator", address: null }, kinds);
      await ledger.chainEvents({
        type: "refund_requested",
        account,
        requestedMicros: 1_000n,
        unspentMicros: 1_000_000n,
        refundedMicros: 0n,
      });
      const due = await taken();
      expect(due.map(({ kind, party: to }) => [kind, to])).to.deep.equal([
        ["refund.due", "account"],
        ["refund.due", "operator"],
      ]);
      expect(due[0]?.body).to.deep.include({ account, requestedMicros: "1000" });
      await ledger.chainEvents({ type: "refund_served", account });
      expect((await taken()).map(({ kind }) => kind)).to.deep.equal(["refund.paid", "refund.paid"]);
    });

    it("writes nothing that no endpoint names", async () => {
      await addWebhook(ledger.database, ofAccount(party(1)), ["checkpoint.final"]).catch(
        () => undefined,
      );
      await debit(1_000_000n);
      await ledger.chainEvents({
        type: "refund_requested",
        account,
        requestedMicros: 1n,
        unspentMicros: 1n,
        refundedMicros: 0n,
      });
      expect(await taken()).to.deep.equal([]);
    });
  });
}
