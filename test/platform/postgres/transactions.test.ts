import { expect } from "chai";

import { HAS_BEGUN } from "@compute-credits/platform/postgres/nestedLoopPlan";
import type { Database, TransactionOptions } from "@compute-credits/platform/postgres/database";
import { bothDatabases } from "../../fixtures/databases.ts";

const NESTED_LOOP_PLAN = { nestedLoopPlan: true };

for (const { name, open } of bothDatabases) {
  describe(`transactions on ${name}`, () => {
    let database: Database;

    before(async () => {
      database = await open();
      await database.script("create table notes (id integer primary key)");
    });
    beforeEach(() => database.script("truncate notes"));
    after(() => database.close());

    async function notes(): Promise<number[]> {
      const found = await database.query<{ id: number }>("select id from notes order by id");
      return found.map(({ id }) => id);
    }

    it("with a last statement: commit it with all others", async () => {
      const result = await database.transaction(async (tx) => {
        await tx.query("insert into notes values (1)");
        tx.withCommit("insert into notes values ($1)", [2]);
        return "done";
      }, NESTED_LOOP_PLAN);
      expect(result).to.equal("done");
      expect(await notes()).to.deep.equal([1, 2]);
    });

    it("when the last statement fails: leave nothing, and reject with the cause", async () => {
      const failed = database.transaction(async (tx) => {
        await tx.query("insert into notes values (1)");
        tx.withCommit("insert into notes values ($1)", [1]);
      });
      expect(await failed.catch((error: unknown) => error)).to.have.property("code", "23505");
      expect(await notes()).to.deep.equal([]);
      // The connection is still usable.
      await database.transaction((tx) => tx.query("insert into notes values (3)"));
      expect(await notes()).to.deep.equal([3]);
    });

    it("when the work fails after the last statement was set: leave nothing", async () => {
      const failed = database.transaction(async (tx) => {
        tx.withCommit("insert into notes values ($1)", [1]);
        await tx.query("insert into nowhere values (1)");
      });
      expect(await failed.catch((error: unknown) => error)).to.have.property("code", "42P01");
      expect(await notes()).to.deep.equal([]);
    });

    it("after a statement that conflicted: can run it again", async () => {
      const insert = "insert into notes values (7)";
      const failed = database.transaction(
        (tx) => Promise.all([tx.query("insert into nowhere values (1)"), tx.query(insert)]),
        NESTED_LOOP_PLAN,
      );
      expect(await failed.catch((error: unknown) => error)).to.have.property("code", "42P01");
      expect(await notes()).to.deep.equal([]);
      await database.transaction((tx) => tx.query(insert), NESTED_LOOP_PLAN);
      expect(await notes()).to.deep.equal([7]);
    });

    it("when begin fails: write nothing by the statement sent with it", async () => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no valid option makes begin fail
      const isolation = "no such" as unknown as NonNullable<TransactionOptions["isolation"]>;
      const failed = database.transaction(
        (tx) => tx.query(`insert into notes select 1 where ${HAS_BEGUN}`),
        { ...NESTED_LOOP_PLAN, isolation },
      );
      expect(await failed.catch((error: unknown) => error)).to.have.property("code", "42601");
      expect(await notes()).to.deep.equal([]);
    });

    it("with nestedLoopPlan: satisfy HAS_BEGUN", async () => {
      await database.transaction(
        (tx) => tx.query(`insert into notes select 1 where ${HAS_BEGUN}`),
        NESTED_LOOP_PLAN,
      );
      expect(await notes()).to.deep.equal([1]);
    });
  });
}
