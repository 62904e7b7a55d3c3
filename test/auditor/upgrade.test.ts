import { migrateAuditor } from "../../auditor/store/claimAuditor.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { MAINTENANCE_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { databaseKinds } from "../fixtures/databases.ts";
import { FILLED_AUDITOR, FILLED_LEDGER } from "../fixtures/filledDatabases.ts";
import { fillDatabase, releases } from "../fixtures/upgrades.ts";
import { useFilledLedger } from "../fixtures/useFilledLedger.ts";

for (const { name: kind, openEmpty } of databaseKinds) {
  describe(`a filled auditor on ${kind}`, () => {
    let database: Database;
    let ledgerDatabase: Database;

    beforeEach(async () => {
      database = await openEmpty(MAINTENANCE_LIMITS);
      ledgerDatabase = await openEmpty();
      await fillDatabase(ledgerDatabase, FILLED_LEDGER);
    });
    afterEach(async () => {
      await database.close();
      await ledgerDatabase.close();
    });

    // A new migration is tested without a change here.
    for (const name of releases(FILLED_AUDITOR)) {
      it(`reproduces the next checkpoint if its release had ${name} as its newest migration`, async () => {
        await fillDatabase(database, FILLED_AUDITOR, name);
        await migrateAuditor(database);
        await useFilledLedger(ledgerDatabase, database);
      });
    }
  });
}
