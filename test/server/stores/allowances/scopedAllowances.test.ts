import { expect } from "chai";

import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const [named, other] = [party(1_001), party(1_002)];

for (const { name, open } of databaseKinds) {
  describe(`allowances with a scope on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    context("when an allowance names its providers", () => {
      it("is read as it was stored", async () => {
        const scope = { providers: [named, other], meters: ['a "b", {c}', "units"] };
        const { id } = await ledger.allow(party(1), { scopeLists: scope });
        expect((await ledger.allowances.find(id))?.scope).to.deep.equal(scope);
      });

      it("pays them without granted access, and no other provider", async () => {
        const account = party(2);
        await ledger.purchase(account, "1");
        const scopeLists = { providers: [named], meters: [] };
        const { message } = await ledger.allow(account, { scopeLists });
        const { spender } = message;

        const [paid, refused] = await ledger.usage.record([
          usageEvent({ provider: named, spender }),
          usageEvent({ provider: other, spender }),
        ]);
        expect(paid?.result).to.equal("debited");
        expect(refused).to.deep.equal({
          result: "refused",
          refusal: { reason: "allowance_out_of_scope" },
        });
      });
    });
  });
}
