import { expect } from "chai";
import * as fc from "fast-check";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { createUsageLog } from "../../../../server/stores/feed/postgresUsageLog.ts";
import { isSnapshot } from "../../../../server/stores/feed/usageLog.ts";
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

    it("takes for a snapshot exactly what PostgreSQL does", async () => {
      await using stack = new AsyncDisposableStack();
      const database = await open();
      stack.defer(() => database.close());
      const id = fc.nat(9);
      const text = fc
        .tuple(id, id, fc.array(id, { maxLength: 3 }))
        .map(([xmin, xmax, list]) => `${xmin}:${xmax}:${list.join(",")}`);
      const texts = [...fc.sample(text, 300), "2:1:", "5:9:7,6", "1:1:", "1:9:8", "1:9:9", ":"];
      let valid = 0;
      for (const one of texts) {
        // oxlint-disable-next-line no-await-in-loop -- one answer each
        const isTaken = await database.query("select $1::text::pg_snapshot", [one]).then(
          () => true,
          () => false,
        );
        expect(isSnapshot(one), one).to.equal(isTaken);
        if (isTaken) valid++;
      }
      expect(valid).to.be.greaterThan(20);
      for (const odd of ["1:1:1:", "1:2", "1:2:\0", "1:2: ", "01:2:x", "1:1000000000000000000:"]) {
        expect(isSnapshot(odd), odd).to.equal(false);
      }
    });
  });
}

async function currentTransaction(sql: Sql): Promise<bigint[]> {
  const rows = await sql.query<{ id: bigint }>("select pg_current_xact_id()::text::bigint as id");
  return rows.map(({ id }) => id);
}
