import { expect } from "chai";

import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { recordStatements } from "../../../fixtures/observedDatabase.ts";

const provider = party(1_000);

for (const { name, open } of databaseKinds) {
  describe(`debits while allowances arrive on ${name}`, () => {
    let ledger: Ledger;
    let texts: string[];

    before(async () => {
      const recorded = recordStatements(await open());
      texts = recorded.texts;
      ledger = await openLedger(recorded.database);
      await ledger.purchase(party(1), "1");
    });
    after(() => ledger.database.close());

    /** A spender whose allowance is cached. */
    async function cachedSpender() {
      const { message } = await ledger.allow(party(1));
      const { spender } = message;
      await ledger.grantAccess(spender, provider);
      await ledger.usage.record([usageEvent({ provider, spender })]);
      return spender;
    }

    it("reads no row again if they are of other spenders", async () => {
      const spender = await cachedSpender();
      const other = await ledger.allow(party(1));
      const pair = { account: party(1), spender: other.message.spender };
      for (const accepted of [false, true]) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await ledger.acceptances.change({ ...pair, accepted, proof: { how: "key" } });
        texts.length = 0;
        // oxlint-disable-next-line no-await-in-loop -- as above
        const [outcome] = await ledger.usage.record([usageEvent({ provider, spender })]);
        expect(outcome?.result).to.equal("debited");
        // Two charges, and what arrived.
        expect(texts).to.have.length(3);
      }
    });

    it("decides again if one is of its spender, between others", async () => {
      const spender = await cachedSpender();
      await ledger.purchase(party(2), "1");
      await ledger.allow(party(1));
      const first = await ledger.allow(party(2), { spender, priority: 1 });
      await ledger.allow(party(1));
      const [outcome] = await ledger.usage.record([usageEvent({ provider, spender })]);
      expect(outcome).to.containSubset({ charges: [{ allowance: first.id }] });
    });
  });
}
