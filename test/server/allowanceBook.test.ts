import { expect } from "chai";

import { remainingInPeriod, renewed } from "../../server/domain/allowances/period.ts";
import { databaseKinds } from "../fixtures/databases.ts";
import { type Ledger, openLedger, party } from "../fixtures/ledger.ts";

for (const { name, open } of databaseKinds) {
  describe(`allowances on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    context("when an allowance with a rollover says that it began long ago", () => {
      it("has one period's limit to spend, and nothing from before it arrived", async () => {
        const { id } = await ledger.allow(party(1), {
          limit: 100n,
          period: 3_600n,
          rollover: 1_000n,
          startsAt: 0n,
        });
        const stored = await ledger.allowances.find(id);
        if (stored === null) throw new Error("the allowance is not there");
        const now = await ledger.allowances.now();
        expect(
          remainingInPeriod(stored.message, renewed(stored.message, stored.usage, now)),
        ).to.equal(100n);
      });
    });

    context("when it is sent again", () => {
      it("is the same allowance, as far as it was used", async () => {
        const first = await ledger.allow(party(2), { limit: 5n });
        const { id, message, scope, signature } = first;
        expect(await ledger.allowances.add({ id, message, scope, signature })).to.deep.equal(first);
        expect(await ledger.allowances.ofAccount(party(2))).to.have.length(1);
      });
    });
  });
}
