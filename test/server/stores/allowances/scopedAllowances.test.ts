import { expect } from "chai";

import { databaseKinds } from "../../../fixtures/databases.ts";
import { type SpenderId, apiKeySpender } from "@compute-credits/protocol/messages/spender";
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
          refusal: { reason: "access_not_granted" },
        });
        await ledger.grantAccess(spender, other);
        const [known] = await ledger.usage.record([usageEvent({ provider: other, spender })]);
        expect(known).to.deep.equal({
          result: "refused",
          refusal: { reason: "allowance_out_of_scope" },
        });
      });

      it("tells a provider without access nothing about them, whatever is wrong", async () => {
        const account = party(2);
        const said = async (spender: SpenderId) => {
          const [outcome] = await ledger.usage.record([usageEvent({ provider: other, spender })]);
          return outcome;
        };
        const nothing = await said(apiKeySpender("nobody's"));
        const revoked = await ledger.allow(account, { spender: apiKeySpender("revoked") });
        await ledger.allowances.revoke(revoked.id, "0x");
        const expired = { spender: apiKeySpender("expired"), expiresAt: 1n };
        for (const spender of [
          revoked.message.spender,
          (await ledger.allow(account, expired)).message.spender,
          (await ledger.allow(account, { spender: apiKeySpender("good") })).message.spender,
        ]) {
          // oxlint-disable-next-line no-await-in-loop -- three
          expect(await said(spender)).to.deep.equal(nothing);
        }
      });
    });
  });
}
