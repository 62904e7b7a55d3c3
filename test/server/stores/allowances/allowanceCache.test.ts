import { expect } from "chai";

import {
  type CachedAllowances,
  createAllowanceCache,
} from "../../../../server/stores/allowances/allowanceCache.ts";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";

for (const { name, open } of databaseKinds) {
  describe(`what a server remembers of allowances, on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    it("takes in what came since, and reads nothing else again", async () => {
      const cache = createAllowanceCache();
      const first = await ledger.allow(party(1));
      const { spender } = first.message;
      const { sql, asked } = watched(ledger.database);
      expect(idsOf(await cache.lookUp(sql, [{ spender }]))).to.deep.equal([[first.id]]);
      asked.length = 0;
      const again = await cache.lookUp(sql, [{ spender }, { spender }]);
      expect(idsOf(again)).to.deep.equal([[first.id], [first.id]]);
      expect(asked).to.deep.equal([]);

      const second = await ledger.allow(party(2), { spender, priority: 1 });
      await ledger.allow(party(3));
      await cache.addArrivals(sql, again.upTo + 2n);
      const later = await cache.lookUp(sql, [{ spender }]);
      expect(idsOf(later)).to.deep.equal([[second.id, first.id]]);
      expect(later.upTo).to.equal(again.upTo + 2n);
    });

    it("misses none that comes while it reads another spender's for the first time", async () => {
      const cache = createAllowanceCache();
      const first = await ledger.allow(party(4));
      const { spender } = first.message;
      const { sql } = watched(ledger.database, async (text) => {
        if (!text.includes("unnest")) return;
        // Another batch learns of it before this one, which read too early, remembers what it read.
        await ledger.allow(party(5), { spender });
        const { upTo } = await cache.lookUp(ledger.database, []);
        await cache.addArrivals(ledger.database, upTo + 1n);
      });
      expect(idsOf(await cache.lookUp(sql, [{ spender }]))).to.deep.equal([[first.id]]);
      const found = await cache.lookUp(ledger.database, [{ spender }]);
      expect(found.allowances[0]).to.have.length(2);
    });
  });
}

/** The texts of the queries; `after` happens when the answer of one is on its way. */
function watched(database: Sql, after: (text: string) => Promise<void> = () => Promise.resolve()) {
  const asked: string[] = [];
  const sql: Sql = {
    async query(text, values) {
      asked.push(text);
      const rows = await database.query<never>(text, values);
      await after(text);
      return rows;
    },
  };
  return { sql, asked };
}

function idsOf({ allowances: answers }: CachedAllowances): string[][] {
  return answers.map((allowances) => allowances.map(({ id }) => id));
}
