import { expect } from "chai";

import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, added, openLedger, party } from "../../../fixtures/ledger.ts";

for (const { name, open } of databaseKinds) {
  describe(`allowanceStore on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    context("when an allowance with rollover starts in the past", () => {
      it("has one period's limit and carries over nothing from before it was stored", async () => {
        const { id } = await ledger.allow(party(1), {
          limit: 100n,
          period: 3_600n,
          rollover: 1_000n,
          startsAt: 0n,
        });
        const stored = await ledger.allowances.find(id);
        if (stored === null) throw new Error("the allowance is missing");
        const now = await ledger.allowances.now();
        expect(
          remainingInPeriod(stored.message, renewUsage(stored.message, stored.usage, now)),
        ).to.equal(100n);
      });
    });

    it("lists allowances in pages without gaps or repetitions", async () => {
      const ids: string[] = [];
      // oxlint-disable-next-line no-await-in-loop -- sequential, so that their order is known
      for (let n = 0; n < 5; n++) ids.push((await ledger.allow(party(3))).id);
      await ledger.allow(party(4));
      const listed: string[] = [];
      for (let after: `0x${string}` | null = null; ;) {
        // oxlint-disable-next-line no-await-in-loop -- a page starts after the previous one
        const page = await ledger.allowances.ofAccount(party(3), { after, limit: 2 });
        listed.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (last === undefined) break;
        expect(page.length).to.be.at.most(2);
        after = last.id;
      }
      expect(listed).to.deep.equal(ids);
    });

    context("when an allowance is added again", () => {
      it("returns the stored allowance with its usage", async () => {
        const first = await ledger.allow(party(2), { limit: 5n });
        expect(added(await ledger.allowances.add(first))).to.deep.equal(first);
        expect(await ledger.allowances.ofAccount(party(2))).to.have.length(1);
      });
    });
  });
}
