import type { Database } from "@compute-credits/platform/postgres/database";
import { type Migrations, migrate } from "@compute-credits/platform/postgres/migrate";

export const LEDGER_MIGRATIONS: Migrations = {
  program: "ledger",
  folder: new URL("./migrations/", import.meta.url),
  howToRecreate:
    "For the embedded database, stop the server and delete the folder `pglite` in DATA_FOLDER; for " +
    "PostgreSQL, create a database and name it in DATABASE_URL. The server then reads purchases and " +
    "refund requests from the chain again, but not what only the database had: allowances, keys, " +
    "access, cards of providers, usage and checkpoints. If the contract has a checkpoint already, " +
    "deploy a new contract as well: a ledger can't continue from a checkpoint that it did not cut.",
};

/** Brings the ledger's schema up to date. Throws `MigrationRefused` if it can't. */
export async function migrateLedger(database: Database): Promise<void> {
  await migrate(LEDGER_MIGRATIONS, database);
}
