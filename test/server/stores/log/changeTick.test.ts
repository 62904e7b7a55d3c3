import { expect } from "chai";

import { CURRENT_TICK } from "../../../../server/stores/log/changeTick.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { payer, spendDirectly, submitted } from "../../../fixtures/bareRows.ts";
import { postgres } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger } from "../../../fixtures/ledger.ts";

// PGlite has one connection, so no transaction runs during a cut.
describe("changeTick on PostgreSQL", () => {
  let database: Database;
  let ledger: Ledger;

  before(async () => {
    database = await postgres.open();
    ledger = await emptyLedger(database);
  });
  after(() => database.close());

  it("lets the next cut find the changes of a transaction that was open during a whole cut", async () => {
    await spendDirectly(ledger, { from: 1, count: 5, amount: 10n });
    const written = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const slow = database.transaction(async (tx) => {
      await tx.query(
        `update accounts set spent = spent + 1, changed_at_tick = ${CURRENT_TICK}
           where address = $1`,
        [`\\x${payer(3).slice(2)}`],
      );
      written.resolve();
      await mayEnd.promise;
    });
    await written.promise;

    const first = await ledger.checkpoints.cut(1_000n);
    if (first === null) throw new Error("nothing was cut");
    expect(first.message.spent).to.equal(50n);
    await submitted(ledger, first);
    mayEnd.resolve();
    await slow;

    const second = await ledger.checkpoints.cut(1_000n);
    expect(second?.message.spent).to.equal(51n);
  });
});
