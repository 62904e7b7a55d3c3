import { expect } from "chai";
import type { Hex } from "viem";

import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";

const owner = party(1);
const provider = party(2);

const captureOf = (eventId: string) => ({
  provider,
  id: "before",
  quantity: 1n,
  final: false,
  eventId,
});

for (const { name, open } of databaseKinds) {
  describe(`ledger with a frozen vault on ${name}`, () => {
    let ledger: Ledger;
    let server: LedgerServer;
    let spender: Hex;
    let key: string;

    before(async () => {
      ledger = await openLedger(await open());
      server = await serveLedger(ledger);
      key = await server.keyOf(provider);
      await ledger.purchase(owner, "1");
      ({ spender } = (await ledger.allow(owner)).message);
      await ledger.grantAccess(spender, provider);
    });
    after(async () => {
      await server.stop();
      await ledger.database.close();
    });

    const holdFor = (id: string) => ({
      provider,
      id,
      spender,
      meter: "units",
      dimensions: {},
      quantity: 10n,
      ttlSeconds: 60,
    });

    it("refuses debits, holds and captures, because nothing can be settled", async () => {
      const event = usageEvent({ provider, spender, quantity: 5n });
      const [debited] = await ledger.usage.record([event]);
      expect(debited).to.include({ result: "debited", repeated: false });
      expect((await ledger.holds.authorize(holdFor("before"))).result).to.equal("held");
      const inTime = captureOf("in-time");
      const captured = await ledger.holds.capture(inTime);
      if (captured.result === "refused") throw new Error("the capture was refused");

      await ledger.chainEvents({ type: "frozen", by: owner });

      const balance = await ledger.accounts.balance(owner);
      // A server that has recorded for this spender before and predicts a charge.
      const late = usageEvent({ provider, spender, quantity: 7n });
      expect(await ledger.usage.record([late])).to.deep.equal([
        { result: "refused", refusal: { reason: "vault_frozen" } },
      ]);
      expect(await ledger.holds.authorize(holdFor("after"))).to.deep.equal({
        result: "refused",
        refusal: { reason: "vault_frozen" },
      });
      expect(await ledger.holds.capture(captureOf("late"))).to.deep.equal({
        result: "refused",
        refusal: { reason: "vault_frozen" },
      });
      expect(await ledger.accounts.balance(owner)).to.deep.equal(balance);

      const { status, document } = await server.request("/v1/usage", {
        key,
        body: {
          specversion: "1.0",
          type: "compute-credits.usage.v1",
          source: provider,
          id: "over-http",
          subject: spender,
          time: new Date().toISOString(),
          data: { meter: "units", quantity: 1 },
        },
      });
      expect({ status, reason: document["reason"] }).to.deep.equal({
        status: 409,
        reason: "vault_frozen",
      });

      const capture = { key, body: { quantity: 1, final: false, eventId: "late" } };
      const tooLate = await server.request("/v1/holds/before/captures", capture);
      expect({ status: tooLate.status, reason: tooLate.document["reason"] }).to.deep.equal({
        status: 409,
        reason: "vault_frozen",
      });

      // Repetitions still return their first outcomes.
      expect(await ledger.usage.record([event])).to.deep.equal([{ ...debited, repeated: true }]);
      expect(await ledger.holds.capture(inTime)).to.deep.include({
        result: "captured",
        debit: { ...captured.debit, repeated: true },
      });
      expect((await ledger.holds.release({ provider, id: "before" })).result).to.equal("released");
    });
  });
}
