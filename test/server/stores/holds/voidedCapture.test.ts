import { expect } from "chai";

import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(1_000);

for (const { name, open } of databaseKinds) {
  describe(`voiding a capture on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    context("when the hold was authorized in the previous period", () => {
      it("returns the credits to the account, but not to the current period", async () => {
        const account = party(1);
        await ledger.purchase(account, "1");
        const { id, message } = await ledger.allow(account, { limit: 100n, period: 3_600n });
        const { spender } = message;
        await ledger.grantAccess(spender, provider);
        const key = { provider, id: "hold" };
        const measured = { meter: "units", dimensions: {}, quantity: 60n };
        await ledger.holds.authorize({ ...key, ...measured, spender, ttlSeconds: 7_200 });
        await ledger.database.query(
          "update holds set created_at = created_at - interval '1 hour' where hold_id = 'hold'",
        );
        await ledger.database.query("update allowance_usage set period_index = period_index - 1");
        await ledger.holds.capture({ ...key, eventId: "work", quantity: 60n, final: true });
        await ledger.usage.record([usageEvent({ provider, spender, quantity: 10n })]);

        const voided = await ledger.usage.void({ provider, id: "work" });

        expect(voided).to.include({ result: "voided", amountMicros: 60n });
        const usage = (await ledger.allowances.find(id))?.usage;
        expect(usage).to.include({ periodSpentMicros: 10n, spentMicros: 10n });
        expect((await ledger.accounts.balance(account)).spent).to.equal(10n);
      });
    });
  });
}
