import { expect } from "chai";

import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { newPostgresDatabase } from "../../fixtures/postgresServer.ts";

describe("a connection to PostgreSQL that breaks", () => {
  context("when a connection breaks in the middle of a transaction", () => {
    it("fails its transaction, but neither the process nor the next transaction", async () => {
      const database = await openPgDatabase(await newPostgresDatabase(), 2);
      try {
        const broken = database.transaction(async (tx) => {
          const [backend] = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
          await database.query("select pg_terminate_backend($1, 10000)", [backend?.pid]);
          await tx.query("select 1");
        });
        const error: unknown = await broken.catch((reason: unknown) => reason);
        expect(error).to.be.instanceOf(Error);
        expect(await database.query("select 1 as one")).to.deep.equal([{ one: 1 }]);
      } finally {
        await database.close();
      }
    });
  });
});
