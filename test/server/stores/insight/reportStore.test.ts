import { expect } from "chai";
import type { Hex } from "viem";

import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { OPERATOR, serveLedger } from "../../../fixtures/ledgerServer.ts";

const [account, provider] = [party(5_100), party(5_000)];

for (const { name, open } of databaseKinds) {
  describe(`reportStore on ${name}`, () => {
    let ledger: Ledger;
    let spender: Hex;

    before(async () => {
      ledger = await openLedger(await open());
      await ledger.purchase(account, "100");
      ({
        message: { spender },
      } = await ledger.allow(account));
      await ledger.grantAccess(spender, provider);
    });
    after(() => ledger.database.close());

    async function spend(quantity: bigint): Promise<UsageEvent> {
      const event = usageEvent({ provider, spender, quantity });
      const [outcome] = await ledger.usage.record([event]);
      expect(outcome?.result).to.equal("debited");
      return event;
    }

    it("reports that the chain is unavailable if it is", async () => {
      const server = await serveLedger(ledger);
      const key = await server.sessionOf(OPERATOR);
      expectProblem(await server.request("/v1/report", { key }), 503, "chain_unavailable");
      await server.stop();
    });

    it("sums the ledger on one snapshot, with fees by day and meter, without voided events", async () => {
      const range = { from: new Date("2020-01-01"), to: new Date("2100-01-01") };
      const price = { tokenUnit: 1n, creditMicrosPerToken: 1n };
      const before = await ledger.reports.report({ ...range, price });
      await spend(150n);
      await ledger.usage.void(await spend(50n));
      const after = await ledger.reports.report({ ...range, price });
      expect([after.spent - before.spent, after.earned - before.earned]).to.deep.equal([
        150n,
        147n,
      ]);
      const fees = (report: typeof before) =>
        report.revenue.reduce((sum, { feeMicros }) => sum + feeMicros, 0n);
      expect(fees(after) - fees(before)).to.equal(3n);
      expect(after.purchased).to.equal(before.purchased);
    });
  });
}
