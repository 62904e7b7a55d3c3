import { expect } from "chai";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { createUsageLog } from "../../../../server/stores/feed/postgresUsageLog.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";

for (const { name, open } of databaseKinds) {
  describe(`usage log on ${name}`, () => {
    it("tells a reader's transaction that it lacks from one that it has", async () => {
      await using stack = new AsyncDisposableStack();
      const database = await open();
      stack.defer(() => database.close());
      const log = createUsageLog(database);

      const [committed] = await currentTransaction(database);
      let aborted = 0n;
      await database
        .transaction(async (tx) => {
          [aborted = 0n] = await currentTransaction(tx);
          throw new Error("rolled back");
        })
        .catch(() => undefined);

      expect(await log.lacks(committed ?? 0n)).to.equal(false);
      expect(await log.lacks(aborted)).to.equal(true);
      expect(await log.lacks(aborted + 1_000n)).to.equal(true);
    });
  });
}

async function currentTransaction(sql: Sql): Promise<bigint[]> {
  const rows = await sql.query<{ id: bigint }>("select pg_current_xact_id()::text::bigint as id");
  return rows.map(({ id }) => id);
}
