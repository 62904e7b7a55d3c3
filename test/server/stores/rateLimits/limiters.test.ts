import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { budgetOf } from "../../../../server/stores/rateLimits/budget.ts";
import { createMemoryLimiter } from "../../../../server/stores/rateLimits/memoryLimiter.ts";
import { createRateLimitStore } from "../../../../server/stores/rateLimits/rateLimitStore.ts";
import { createSharedLimiter } from "../../../../server/stores/rateLimits/sharedLimiter.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";

const TERMS = { policy: "sensitive", points: 3, seconds: 3_600 };

describe("a limiter in memory", () => {
  it("takes a party's points until there are none, each party by itself", async () => {
    const budget = budgetOf(createMemoryLimiter(TERMS), TERMS);
    expect(await budget.spend("a", 2)).to.deep.include({ remaining: 1, isOver: false });
    expect(await budget.spend("a", 2)).to.deep.include({ remaining: 0, isOver: true });
    expect(await budget.spend("b", 1)).to.deep.include({ remaining: 2, isOver: false });
  });

  it("of more parties than it remembers: forgets the first", async () => {
    const budget = budgetOf(createMemoryLimiter(TERMS, 2), TERMS);
    for (const party of ["a", "b", "c"]) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      await budget.spend(party, 2);
    }
    expect(await budget.spend("c", 1)).to.deep.include({ remaining: 0, isOver: false });
    expect(await budget.spend("a", 1)).to.deep.include({ remaining: 2, isOver: false });
  });
});

for (const { name, open } of databaseKinds) {
  describe(`a limiter that servers share on ${name}`, () => {
    let database: Database;

    before(async () => (database = await open()));
    beforeEach(() => database.script("truncate rate_limits"));
    after(() => database.close());

    const newBudget = (on: Pick<Database, "query"> = database, answerMs?: number) =>
      budgetOf(createSharedLimiter(on, TERMS, answerMs), TERMS);

    it("counts what a party uses on either server", async () => {
      const [one, other] = [newBudget(), newBudget()];
      expect(await one.spend("a", 1)).to.deep.include({ remaining: 2, isOver: false });
      expect(await other.spend("a", 2)).to.deep.include({ remaining: 0, isOver: false });
      expect(await one.spend("a", 1)).to.deep.include({ remaining: 0, isOver: true });
      expect(await one.spend("b", 1)).to.deep.include({ isOver: false });
      const { resetSeconds } = await other.spend("a", 1);
      expect(resetSeconds).to.be.within(3_000, 3_600);
    });

    it("begins again when the window is over", async () => {
      const [one, other] = [newBudget(), newBudget()];
      await one.spend("a", 3);
      await database.script("update rate_limits set expire = 1");
      expect(await other.spend("a", 1)).to.deep.include({ remaining: 2, isOver: false });
    });

    it("asks the database nothing about a party that is over its limit", async () => {
      let statements = 0;
      const budget = newBudget({
        query: (...args) => {
          statements++;
          return database.query(...args);
        },
      });
      await budget.spend("a", 4);
      expect(await budget.spend("a", 1)).to.deep.include({ isOver: true });
      expect(statements).to.equal(1);
    });

    it("counts in memory while the database fails", async () => {
      const budget = newBudget({ query: () => Promise.reject(new Error("no database")) });
      expect(await budget.spend("a", 3)).to.deep.include({ remaining: 0, isOver: false });
      expect(await budget.spend("a", 1)).to.deep.include({ isOver: true });
    });

    it("counts in memory while the database does not answer, and keeps few statements open", async () => {
      let statements = 0;
      const silent: Pick<Database, "query"> = {
        query: () => {
          statements++;
          return Promise.withResolvers<never>().promise;
        },
      };
      const budget = newBudget(silent, 1);
      const spends = Array.from({ length: 20 }, (_, n) => budget.spend(`party ${n}`, 1));
      for (const spent of await Promise.all(spends)) {
        expect(spent).to.deep.include({ remaining: 2, isOver: false });
      }
      expect(statements).to.equal(4);
    });

    it("deletes what is over, a part at a time", async () => {
      const store = createRateLimitStore(database);
      await newBudget().spend("a", 1);
      await database.script("insert into rate_limits values ('b', 1, 1), ('c', 1, 2), ('d', 1, 3)");
      expect(await store.deleteEnded(2)).to.equal(2);
      expect(await store.deleteEnded(2)).to.equal(1);
      const left = await database.query<{ key: string }>("select key from rate_limits");
      expect(left).to.deep.equal([{ key: "sensitive:a" }]);
    });
  });
}
