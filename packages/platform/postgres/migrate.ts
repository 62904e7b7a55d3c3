import { ADVISORY_LOCK } from "./advisoryLocks.ts";
import type { Database, Sql, Transaction } from "./database.ts";
import { type MigrationFile, readMigrations } from "./migrationFiles.ts";
import { MigrationRefused } from "./migrationRefused.ts";
import { MAINTENANCE_LIMITS } from "./sessionLimits.ts";

/** The numbered SQL files that make the tables of one program. */
export interface Migrations {
  /** Such as "ledger". Stored with each migration, so that a database is of one program only. */
  readonly program: string;
  /** `0001_baseline.sql`, `0002_….sql`, …: a file that has landed never changes. */
  readonly folder: URL;
  /** Sentences that say to an operator how to begin with an empty database, and what that loses. */
  readonly howToRecreate: string;
}

/**
 * Brings a database up to date: applies each file once, in order, all in one transaction.
 * Processes that start together wait for one another, and the later ones find nothing to do.
 *
 * Throws `MigrationRefused`, and leaves the database as it was, if the applied migrations are not
 * the first of the files: see its reasons. Throws an `Error` that names file and line, with the
 * database's error as its cause, if a statement fails.
 */
export async function migrate(migrations: Migrations, database: Database): Promise<void> {
  const files = await readMigrations(migrations.folder);
  const work = async (tx: Transaction) => {
    // Until the commit. Statements after it see what the process before has committed.
    await tx.query("select pg_advisory_xact_lock($1)", [ADVISORY_LOCK.migrations]);
    await refuseOldDatabase(tx, migrations);
    await tx.query(
      `create table if not exists migrations (
         name text primary key,
         program text not null,
         -- SHA-256 of the file, in hex
         checksum text not null,
         applied_at timestamptz not null default clock_timestamp())`,
    );
    const applied = await tx.query<AppliedMigration>(
      `select name, program, checksum from migrations order by name collate "C"`,
    );
    checkApplied(applied, files, migrations);
    for (const file of files.slice(applied.length)) {
      // oxlint-disable-next-line no-await-in-loop -- each builds on the one before
      await apply(tx, file, migrations);
    }
  };
  await database.transaction(work, { limits: MAINTENANCE_LIMITS });
}

interface AppliedMigration {
  readonly name: string;
  readonly program: string;
  readonly checksum: string;
}

/** Until the first release, migrations were kept without checksums, and landed ones were edited. */
async function refuseOldDatabase(tx: Sql, { howToRecreate }: Migrations): Promise<void> {
  const [old] = await tx.query(
    `select from pg_class where oid = to_regclass('migrations') and not exists (
       select from pg_attribute where attrelid = pg_class.oid and attname = 'checksum')`,
  );
  if (old === undefined) return;
  throw new MigrationRefused(
    "made_before_the_first_release",
    "This database was made before the first release, by migrations that are gone: it cannot be " +
      `upgraded and must be made anew. ${howToRecreate}`,
  );
}

/** Throws unless the applied migrations, in their order, are the first files, unchanged. */
function checkApplied(
  applied: readonly AppliedMigration[],
  files: readonly MigrationFile[],
  { program, howToRecreate }: Migrations,
): void {
  for (const [index, migration] of applied.entries()) {
    if (migration.program !== program) {
      throw new MigrationRefused(
        "another_program",
        `This database holds the tables of the ${migration.program}: give the ${program} a ` +
          "database of its own.",
      );
    }
    const file = files[index];
    if (file?.name === migration.name) {
      if (file.checksum === migration.checksum) continue;
      throw new MigrationRefused(
        "file_changed",
        `The migration ${file.name} has changed since it was applied to this database (SHA-256 ` +
          `${migration.checksum} then, ${file.checksum} now). Install the program again, with the ` +
          "file as it was. A change to a landed migration belongs in a new one. If the migration " +
          `has not landed yet, make the database anew. ${howToRecreate}`,
      );
    }
    throw misplaced(migration, { file, files });
  }
}

/** The applied migration is not the file that is in its place. */
function misplaced(
  { name }: AppliedMigration,
  { file, files }: { file: MigrationFile | undefined; files: readonly MigrationFile[] },
): MigrationRefused {
  if (file === undefined) {
    return new MigrationRefused(
      "database_newer",
      `This database has the migration ${name}, and the newest that this program has is ` +
        `${files.at(-1)?.name}: a newer program has migrated it. Run that release or a later one, ` +
        "or restore a backup from before the upgrade.",
    );
  }
  if (files.some((other) => other.name === name)) {
    return new MigrationRefused(
      "out_of_order",
      `The migration ${file.name} is not applied to this database, and ${name}, which comes after ` +
        "it, is. Restore a backup; if the file is new, give it the next number.",
    );
  }
  return new MigrationRefused(
    "file_missing",
    `The migration ${name} is applied to this database, and its file is missing: ${file.name} is ` +
      "in its place. Install the program again, with all of its files. A landed migration keeps " +
      "its name.",
  );
}

async function apply(tx: Transaction, file: MigrationFile, { program }: Migrations): Promise<void> {
  try {
    await tx.script(file.sql);
  } catch (cause) {
    throw new Error(`the migration ${file.name} failed${placeOf(cause, file.sql)}`, { cause });
  }
  await tx.query("insert into migrations (name, program, checksum) values ($1, $2, $3)", [
    file.name,
    program,
    file.checksum,
  ]);
}

/**
 * PostgreSQL counts characters from 1. Some errors have no position, such as a broken constraint.
 */
function placeOf(error: unknown, sql: string): string {
  if (!(error instanceof Error)) return "";
  const position = "position" in error ? Number(error.position) : 0;
  const line = position > 0 ? ` at line ${sql.slice(0, position).split("\n").length}` : "";
  return `${line}: ${error.message}`;
}
