import { expect } from "chai";

import { createCheckpointStore } from "../../../../server/stores/checkpoints/postgresCheckpointStore.ts";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { Database } from "@compute-credits/platform/postgres/database";
import { ONE_PROVIDER, payer, spendDirectly, submitted } from "../../../fixtures/bareRows.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger } from "../../../fixtures/ledger.ts";
import { type PlanNode, explaining, keysOf, nodesOf } from "../../../fixtures/plans.ts";

const PAYERS = 6_000;

/** Tables that grow with the parties. A cut must not scan them. */
const BIG_TABLES = ["accounts", "earnings", "places", "checkpoint_rows", "tree_pages", "debits"];

for (const { name, open } of databaseKinds) {
  describe(`plans of a cut on ${name}`, () => {
    let ledger: Ledger;
    let watched: { database: Database; takePlans: () => readonly PlanNode[] };

    before(async () => {
      ledger = await openLedger(await open());
      await spendDirectly(ledger, { from: 0, count: PAYERS, amount: 1n });
      // As many idle providers as payers.
      await ledger.database.query(
        `insert into earnings (account, provider, earned) select address, address, 0 from accounts`,
      );
      const first = await ledger.checkpoints.cut(1_000n);
      if (first === null) throw new Error("nothing was cut");
      await submitted(ledger, first);
      await ledger.database.script("analyze");
      watched = explaining(ledger.database);
    });
    after(() => ledger.database.close());

    it("reads only changed rows, by key", async () => {
      await spendDirectly(ledger, { from: 17, count: 3, amount: 1n });
      watched.takePlans();
      const checkpoint = await createCheckpointStore(watched.database).cut(1_000n);
      expect(checkpoint?.partyCount).to.equal(PAYERS + 1);
      expectByKey(
        watched.takePlans(),
        "accounts_by_change",
        "earnings_by_change",
        "accounts_pkey",
        "earnings_of_provider",
        "places_pkey",
        "checkpoint_rows_of_place",
        "checkpoint_rows_pkey",
        "tree_pages_pkey",
      );
    });

    it("proves a row by key", async () => {
      const latest = await ledger.checkpoints.latest();
      watched.takePlans();
      const checkpoints = createCheckpointStore(watched.database);
      expect(await checkpoints.proofs(latest?.id ?? 0n, [payer(17)])).to.have.length(1);
      expectByKey(
        watched.takePlans(),
        "places_pkey",
        "checkpoint_rows_of_place",
        "tree_pages_pkey",
      );
    });

    it("finds the rows that serve refunds by key", async () => {
      const latest = await ledger.checkpoints.latest();
      watched.takePlans();
      await createCheckpointStore(watched.database).refundRows(latest?.id ?? 0n, { limit: 10 });
      expectByKey(watched.takePlans(), "checkpoint_rows_of_place");
    });

    it("sums a provider's earnings once, even if many accounts changed", async () => {
      await ledger.database.query(
        `insert into earnings (account, provider, earned) select address, $1, 0 from accounts
           on conflict do nothing`,
        [bytea(ONE_PROVIDER)],
      );
      await ledger.database.script("analyze");
      const latest = await ledger.checkpoints.latest();
      if (latest !== null) await submitted(ledger, latest);
      await spendDirectly(ledger, { from: 17, count: 300, amount: 1n });
      watched.takePlans();
      await createCheckpointStore(watched.database).cut(1_000n);
      const forEachRow = watched
        .takePlans()
        .filter((node) => node["Parent Relationship"] === "SubPlan")
        .flatMap(nodesOf);
      expect(forEachRow.map((node) => node["Relation Name"])).not.to.include("earnings");
    });
  });
}

function expectByKey(nodes: readonly PlanNode[], ...indexes: readonly string[]): void {
  const whole = nodes
    .filter((node) => node["Node Type"] === "Seq Scan")
    .map((node) => node["Relation Name"] ?? "");
  expect(whole.filter((table) => BIG_TABLES.includes(table))).to.deep.equal([]);
  expect(keysOf(nodes)).to.include.members([...indexes]);
}
