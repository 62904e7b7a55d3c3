import { expect } from "chai";
import * as fc from "fast-check";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { createUsageLog } from "../../../../server/stores/feed/postgresUsageLog.ts";
import { isSnapshot } from "../../../../server/stores/feed/usageLog.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { emptyLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

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

    it("lets the index of the log know the newest debits before it is read", async () => {
      await using stack = new AsyncDisposableStack();
      const database = await open();
      stack.defer(() => database.close());
      const ledger = await emptyLedger(database);
      const payer = party(1);
      await ledger.purchase(payer, "100");
      const { spender } = (await ledger.allow(payer)).message;
      await ledger.grantAccess(spender, party(2));
      // More than the first megabyte, which the index always knows.
      const dimensions = Object.fromEntries(
        Array.from({ length: 10 }, (_, index) => [`name_${index}`, crypto.randomUUID()]),
      );
      const events = Array.from({ length: 1_000 }, () =>
        usageEvent({ provider: party(2), spender, quantity: 1n, dimensions }),
      );
      for (let batches = 0; batches < 2; batches++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await ledger.usage.record(events.map((event) => ({ ...event, id: crypto.randomUUID() })));
      }

      const { entries } = await ledger.usageLog.page({ since: null, upTo: null }, null, 5_000);
      expect(entries.filter(({ kind }) => kind === "debit")).to.have.length(2_000);
      const [unknown] = await database.query<{ ranges: number }>(
        "select brin_summarize_new_values('debits_by_log_order') as ranges",
      );
      expect(unknown).to.deep.equal({ ranges: 0 });
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
