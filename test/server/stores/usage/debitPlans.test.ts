import { expect } from "chai";
import type { Hex } from "viem";

import { createPriceReader } from "../../../../server/stores/pricing/priceReader.ts";
import { createRateIndexCache } from "../../../../server/stores/pricing/rateIndexCache.ts";
import { createUsageLedger } from "../../../../server/stores/usage/postgresUsageLedger.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { RULES, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { explaining, keysOf } from "../../../fixtures/plans.ts";

const BIG_TABLES = [
  "accounts",
  "signed_allowances",
  "allowance_usage",
  "debits",
  "provider_access",
];
/** Few, but more than the ten spenders for which PostgreSQL would cache a generic plan. */
const ACCOUNTS = 25;
const provider = party(1_000);

for (const { name, open } of databaseKinds) {
  describe(`plans of a debit on ${name}`, () => {
    it("use nested loops over indexes even if the tables are small", async () => {
      const ledger = await openLedger(await open());
      try {
        const spenders: Hex[] = [];
        for (let n = 0; n < ACCOUNTS; n++) {
          // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
          await ledger.purchase(party(n), "1");
          // oxlint-disable-next-line no-await-in-loop -- each for the next account
          const { message } = await ledger.allow(party(n));
          // oxlint-disable-next-line no-await-in-loop -- and its spender
          await ledger.grantAccess(message.spender, provider);
          spenders.push(message.spender);
        }
        await ledger.database.script("analyze");
        const { database, takePlans } = explaining(ledger.database);
        const usage = createUsageLedger(database, RULES, createPriceReader(createRateIndexCache()));

        const events = spenders.slice(0, 5).map((spender) => usageEvent({ provider, spender }));
        await usage.record(events);
        await usage.record(events);

        const nodes = takePlans();
        const keys = keysOf(nodes);
        expect(keys).to.include.members([
          "accounts_pkey",
          "allowance_usage_pkey",
          "allowances_of_spender",
        ]);
        expect(keys).to.not.include("allowances_of_account");
        if (name === "PostgreSQL") {
          const names = nodes.map((node) => node["Index Name"]);
          expect(names).to.include.members(["accounts_by_hash", "allowance_usage_by_hash"]);
        }
        const whole = nodes
          .filter((node) => node["Node Type"].endsWith("Seq Scan"))
          .map((node) => node["Relation Name"] ?? "");
        expect(whole.filter((table) => BIG_TABLES.includes(table))).to.deep.equal([]);
        const types = nodes.map((node) => node["Node Type"]);
        expect(types).to.include("Nested Loop");
        expect(types.filter((type) => /^(Hash|Merge) Join$/.test(type))).to.deep.equal([]);
      } finally {
        await ledger.database.close();
      }
    });
  });
}
