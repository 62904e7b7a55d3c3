import { expect } from "chai";

import {
  type CachedAllowances,
  createAllowanceCache,
} from "../../../../server/stores/allowances/allowanceCache.ts";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";

const KEY = { how: "key" } as const;

for (const { name, open } of databaseKinds) {
  describe(`allowanceCache on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
    });
    after(() => ledger.database.close());

    it("adds new allowances and reads cached ones only once", async () => {
      const cache = createAllowanceCache();
      const first = await ledger.allow(party(1));
      const { spender } = first.message;
      const { sql, queries } = watchQueries(ledger.database);
      expect(idsOf(await cache.lookUp(sql, [{ spender }]))).to.deep.equal([[first.id]]);
      queries.length = 0;
      const again = await cache.lookUp(sql, [{ spender }, { spender }]);
      expect(idsOf(again)).to.deep.equal([[first.id], [first.id]]);
      expect(queries).to.deep.equal([]);

      const second = await ledger.allow(party(2), { spender, priority: 1 });
      await ledger.allow(party(3));
      await cache.addArrivals(sql, again.upTo + 2n);
      const later = await cache.lookUp(sql, [{ spender }]);
      expect(idsOf(later)).to.deep.equal([[second.id, first.id]]);
      expect(later.upTo).to.equal(again.upTo + 2n);
    });

    it("forgets as soon as large scopes exceed its bytes, not at a number of allowances", async () => {
      const meters = Array.from({ length: 100 }, (_, n) => `meter-${n}-`.padEnd(64, "m"));
      const large = await ledger.allow(party(6), { scopeLists: { providers: [], meters } });
      const small = [await ledger.allow(party(7)), await ledger.allow(party(8))];
      const cache = createAllowanceCache(8_000);
      const { sql, queries } = watchQueries(ledger.database);
      const reads = async (spender: SpenderId) => {
        const before = queries.length;
        await cache.lookUp(sql, [{ spender }]);
        return queries.slice(before).filter((text) => text.includes("unnest")).length;
      };
      const [first, second] = small.map(({ message }) => message.spender);
      if (first === undefined || second === undefined) throw new Error("there are two");
      const asked = [first, second, first, second, large.message.spender, first];
      const counts: number[] = [];
      for (const spender of asked) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        counts.push(await reads(spender));
      }
      expect(counts).to.deep.equal([1, 1, 0, 0, 1, 1]);
      expect(cache.bytes).to.be.within(1_000, 2_000);
    });

    it("reads arrivals by their index also with a debit's generic plan", async () => {
      const cache = createAllowanceCache();
      const { spender } = (await ledger.allow(party(5))).message;
      const { upTo } = await cache.lookUp(ledger.database, [{ spender }]);
      const { sql, queries } = watchQueries(ledger.database);
      await cache.addArrivals(sql, upTo + 1n);
      const plan = await ledger.database.transaction(
        async (tx) => {
          await tx.script(`prepare arrivals as ${queries[0]}`);
          const lines = await tx.query("explain execute arrivals (1, 2, 3)");
          await tx.script("deallocate arrivals");
          return JSON.stringify(lines);
        },
        { nestedLoopPlan: true },
      );
      expect(plan).to.include("allowances_by_arrival");
    });

    it("forgets everything after more arrivals than it reads at once, and knows the new ones", async () => {
      const cache = createAllowanceCache(undefined, 2);
      const { message, id } = await ledger.allow(party(9));
      const { spender } = message;
      const before = await cache.lookUp(ledger.database, [{ spender }]);
      const arrived = [];
      for (let n = 0; n < 3; n++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        arrived.push((await ledger.allow(party(10 + n), { spender })).id);
      }
      const { upTo } = await createAllowanceCache().lookUp(ledger.database, []);
      await cache.addArrivals(ledger.database, upTo);
      expect(cache.bytes).to.equal(0);
      expect(cache.holds([{ spender }], before.allowances)).to.equal(false);
      const after = await cache.lookUp(ledger.database, [{ spender }]);
      expect(idsOf(after)[0]).to.have.members([id, ...arrived]);
      expect(after.upTo).to.equal(upTo);
    });

    it("keeps what ended if an older answer of the database comes later", async () => {
      const cache = createAllowanceCache();
      const first = await ledger.allow(party(6));
      const { account, spender } = first.message;
      const { upTo } = await cache.lookUp(ledger.database, [{ spender }]);
      await ledger.allow(party(6), { spender });
      const { sql } = watchQueries(ledger.database, async () => {
        // Another batch reads the end of all, while this one waits for its answer.
        await ledger.acceptances.change({ spender, account, accepted: false, proof: KEY });
        await cache.addArrivals(ledger.database, upTo + 2n);
      });
      await cache.addArrivals(sql, upTo + 1n);
      expect(idsOf(await cache.lookUp(ledger.database, [{ spender }]))).to.deep.equal([[]]);
    });

    it("misses no allowance that is added during a spender's first read", async () => {
      const cache = createAllowanceCache();
      const first = await ledger.allow(party(4));
      const { spender } = first.message;
      const { sql } = watchQueries(ledger.database, async (text) => {
        if (!text.includes("unnest")) return;
        // Another batch adds the arrival before this one, which read too early, caches its result.
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

/** Records the texts of all queries. `after` runs between a query and its answer. */
function watchQueries(
  database: Sql,
  after: (text: string) => Promise<void> = () => Promise.resolve(),
) {
  const queries: string[] = [];
  const sql: Sql = {
    async query(text, values) {
      queries.push(text);
      const rows = await database.query<never>(text, values);
      await after(text);
      return rows;
    },
  };
  return { sql, queries };
}

function idsOf({ allowances: lists }: CachedAllowances): string[][] {
  return lists.map((allowances) => allowances.map(({ id }) => id));
}
