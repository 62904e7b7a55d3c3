import { expect } from "chai";

import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";

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
          remainingInPeriod(stored.message, renewUsage(stored.message, stored.usage, now)),
        ).to.equal(100n);
      });
    });

    it("are listed in pages, each from where the last one ended", async () => {
      const ids: string[] = [];
      // oxlint-disable-next-line no-await-in-loop -- one after the other: that is their order
      for (let n = 0; n < 5; n++) ids.push((await ledger.allow(party(3))).id);
      await ledger.allow(party(4));
      const listed: string[] = [];
      for (let after: `0x${string}` | null = null; ;) {
        // oxlint-disable-next-line no-await-in-loop -- each page from where the last one ended
        const page = await ledger.allowances.ofAccount(party(3), { after, limit: 2 });
        listed.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (last === undefined) break;
        expect(page.length).to.be.at.most(2);
        after = last.id;
      }
      expect(listed).to.deep.equal(ids);
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
