/** Why a database is not migrated. */
export type MigrationRefusal =
  /** old migrations made it, which no release ever had */
  | "made_before_the_first_release"
  /** the tables are those of another program */
  | "another_program"
  /** a newer program has migrated it */
  | "database_newer"
  /** an applied migration has another text by now */
  | "file_changed"
  /** a migration that was applied, or that later ones follow, has no file */
  | "file_missing"
  /** a migration comes before one that is applied already, or shares its number */
  | "out_of_order"
  /** a file's name is not a number and words */
  | "bad_name";

/** The database is left as it was. The message says to its operator what to do. */
export class MigrationRefused extends Error {
  override readonly name = "MigrationRefused";
  readonly reason: MigrationRefusal;

  constructor(reason: MigrationRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}
