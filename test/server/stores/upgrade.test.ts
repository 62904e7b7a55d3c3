import { readFile } from "node:fs/promises";

import { expect } from "chai";

import { LEDGER_MIGRATIONS, migrateLedger } from "../../../server/stores/migrateLedger.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { migrate } from "@compute-credits/platform/postgres/migrate";
import { readMigrations } from "@compute-credits/platform/postgres/migrationFiles";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { person } from "../../fixtures/audited.ts";
import { databaseKinds } from "../../fixtures/databases.ts";
import { FILLED_AUDITOR, FILLED_LEDGER } from "../../fixtures/filledDatabases.ts";
import { createMigrationFolder } from "../../fixtures/migrationFolder.ts";
import { fillDatabase, releases } from "../../fixtures/upgrades.ts";
import { useFilledLedger } from "../../fixtures/useFilledLedger.ts";

for (const { name: kind, openEmpty } of databaseKinds) {
  describe(`a filled ledger on ${kind}`, () => {
    let database: Database;
    let auditorDatabase: Database;

    beforeEach(async () => {
      database = await openEmpty();
      auditorDatabase = await openEmpty(MAINTENANCE_LIMITS);
      await fillDatabase(auditorDatabase, FILLED_AUDITOR);
    });
    afterEach(async () => {
      await database.close();
      await auditorDatabase.close();
    });

    // A new migration is tested without a change here.
    for (const name of releases(FILLED_LEDGER)) {
      it(`goes on if its release had ${name} as its newest migration`, async () => {
        await fillDatabase(database, FILLED_LEDGER, name);
        await migrateLedger(database);
        await useFilledLedger(database, auditorDatabase);
      });
    }

    it("goes on after a migration that changes filled tables, as an example", async () => {
      await fillDatabase(database, FILLED_LEDGER);
      const files = await readMigrations(LEDGER_MIGRATIONS.folder);
      const example = await readFile(new URL("./exampleMigration.sql", import.meta.url), "utf8");
      const next = `${`${files.length + 1}`.padStart(4, "0")}_example.sql`;
      const folder = await createMigrationFolder({
        ...Object.fromEntries(files.map(({ name, sql }) => [name, sql])),
        [next]: example,
      });
      try {
        await migrate({ ...LEDGER_MIGRATIONS, folder: folder.url }, database);
      } finally {
        await folder.close();
      }

      const purchaseCounts = async () =>
        new Map(
          (
            await database.query<{ address: string; count: bigint }>(
              "select address, purchase_count as count from accounts",
            )
          ).map(({ address, count }) => [address, count]),
        );
      const [alice, carol, sponsor] = ["alice", "carol", "sponsor"].map(
        (who) => person(who).address,
      );
      expect(await purchaseCounts()).to.deep.equal(
        new Map([
          [alice, 1n],
          [carol, 2n],
          [sponsor, 1n],
        ]),
      );
      await useFilledLedger(database, auditorDatabase);
      expect((await purchaseCounts()).get(alice ?? "")).to.equal(2n);
    });
  });
}
