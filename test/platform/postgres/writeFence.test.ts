import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { fenceWrites, withoutFence } from "@compute-credits/platform/postgres/writeFence";
import { bothDatabases } from "../../fixtures/databases.ts";

for (const { name, openEmpty } of bothDatabases) {
  describe(`a fence around writes on ${name}`, () => {
    let database: Database;

    before(async () => {
      database = await openEmpty();
      await database.script("create table notes (id integer primary key)");
    });
    beforeEach(() => database.script("truncate notes"));
    after(() => database.close());

    async function notes(): Promise<number[]> {
      const found = await database.query<{ id: number }>("select id from notes order by id");
      return found.map(({ id }) => id);
    }

    const insert = "insert into notes values ($1)";

    /** Does the work behind a fence that writes 1. */
    async function behindFence<T>(work: () => Promise<T>): Promise<T> {
      return await fenceWrites(async (tx) => {
        await tx.query(insert, [1]);
      }, work);
    }

    it("runs before a statement that writes by itself, in one transaction with it", async () => {
      await behindFence(() => database.query(insert, [2]));
      expect(await notes()).to.deep.equal([1, 2]);
      const failed = behindFence(() => database.query("insert into nowhere values (1)"));
      await failed.catch(() => undefined);
      expect(await notes()).to.deep.equal([1, 2]);
    });

    it("runs once in a transaction, before its first write", async () => {
      await behindFence(() =>
        database.transaction(async (tx) => {
          expect(await tx.query("select from notes")).to.have.length(0);
          await tx.query(insert, [2]);
          await tx.query(insert, [3]);
        }),
      );
      expect(await notes()).to.deep.equal([1, 2, 3]);
    });

    it("keeps the order of statements that do not wait for each other", async () => {
      const seen = await behindFence(() =>
        database.transaction(async (tx) => {
          const [, found] = await Promise.all([
            tx.query(insert, [2]),
            tx.query<{ id: number }>("select id from notes order by id"),
          ]);
          return found.map(({ id }) => id);
        }),
      );
      expect(seen).to.deep.equal([1, 2]);
    });

    it("runs before the statement that is sent with the commit", async () => {
      await behindFence(() =>
        database.transaction((tx) => Promise.resolve(tx.withCommit(insert, [2]))),
      );
      expect(await notes()).to.deep.equal([1, 2]);
    });

    it("does not run if nothing is written, nor for work outside of it", async () => {
      await behindFence(() => database.query("select id from notes for update"));
      await behindFence(() => database.transaction((tx) => tx.query("select from notes")));
      await behindFence(() => withoutFence(() => database.query(insert, [5])));
      expect(await notes()).to.deep.equal([5]);
    });

    it("when it throws: nothing is written, and the caller gets the error", async () => {
      const lost = new Error("lost");
      const failed = fenceWrites(
        () => Promise.reject(lost),
        () => database.transaction((tx) => tx.query(insert, [2])),
      );
      expect(await failed.catch((error: unknown) => error)).to.equal(lost);
      expect(await notes()).to.deep.equal([]);
    });

    it("runs after the fence that is there already, in the same transaction", async () => {
      await behindFence(() => behindSecondFence(() => database.query(insert, [2])));
      expect(await notes()).to.have.members([1, 2, 11]);
    });
  });
}

/** Adds a row whose number tells that it came after the first fence. */
async function behindSecondFence<T>(work: () => Promise<T>): Promise<T> {
  return await fenceWrites(async (tx) => {
    await tx.query("insert into notes select max(id) + 10 from notes");
  }, work);
}
