import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { available } from "@compute-credits/rules/accounts/account";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const [account, provider] = [party(1), party(2)];

for (const { name, open } of databaseKinds) {
  describe(`refund requests on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;

    before(async () => {
      database = await open();
    });
    beforeEach(async () => {
      ledger = await emptyLedger(database);
      await ledger.purchase(account, "10");
    });
    after(() => database.close());

    const balance = () => ledger.accounts.balance(account);

    async function spend(micros: bigint) {
      const { message } = await ledger.allow(account);
      await ledger.grantAccess(message.spender, provider);
      const event = usageEvent({ provider, spender: message.spender, quantity: micros });
      await ledger.usage.record([event]);
      return event;
    }

    async function requestEverything() {
      await ledger.chainEvents({
        type: "refund_requested",
        account,
        requestedMicros: parseCredits("10"),
        unspentMicros: parseCredits("10"),
        refundedMicros: 0n,
      });
    }

    const settled = (spent: bigint, refunded: bigint) =>
      ledger.chainEvents({
        type: "row_settled",
        party: account,
        epoch: 1n,
        spent,
        refunded,
        earned: 0n,
      });

    const openRequests = async () =>
      await database.query("select from refund_requests where not served");

    it("get what a void returns, so that the refund is what the contract calls due", async () => {
      const { id } = await spend(10_000n);
      await requestEverything();
      expect((await balance()).refunding).to.equal(9_990_000n);

      await ledger.usage.void({ provider, id });
      const after = await balance();
      expect(after.refunding).to.equal(10_000_000n);
      expect(available(after)).to.equal(0n);
      expect((await ledger.checkpoints.cut(1_000n))?.message.refunded).to.equal(10_000_000n);
    });

    it("stay open while the contract has settled less than is due", async () => {
      await requestEverything();
      await settled(0n, 9_999_999n);
      expect(await openRequests()).to.have.length(1);
    });

    it("close when the contract has settled what is due, and leave later voids to the account", async () => {
      const { id } = await spend(10_000n);
      await requestEverything();
      await settled(10_000n, 9_990_000n);
      expect(await openRequests()).to.have.length(0);

      await ledger.usage.void({ provider, id });
      expect(await balance()).to.include({ refunding: 9_990_000n, refundWaiting: 0n });
    });

    it("close when all of it turned out to be spent, without a payout", async () => {
      await spend(10_000_000n);
      await requestEverything();
      await settled(10_000_000n, 0n);
      expect(await openRequests()).to.have.length(0);
      expect((await balance()).refundWaiting).to.equal(0n);
    });
  });
}
