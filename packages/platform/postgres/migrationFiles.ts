import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";

import { MigrationRefused } from "./migrationRefused.ts";

/** A migration as it is on disk. */
export interface MigrationFile {
  /** such as `0002_provider_names.sql` */
  readonly name: string;
  readonly sql: string;
  /** SHA-256, in hex; the same whether lines end with LF or with CRLF */
  readonly checksum: string;
}

/**
 * Reads the migrations of a folder in their order. Other files than `*.sql` do not count.
 * Throws `MigrationRefused` unless the numbers are 0001, 0002, … without a gap, each once.
 */
export async function readMigrations(folder: URL): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  if (names.length === 0) {
    throw new MigrationRefused(
      "file_missing",
      `There are no migrations in ${folder.pathname}. Install the program again, with all of its ` +
        "files.",
    );
  }
  checkNumbers(names);
  return await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), "utf8");
      return { name, sql, checksum: checksumOf(sql) };
    }),
  );
}

/** SHA-256 of a file's text with LF line ends, in hex. Git may check a file out with either. */
export function checksumOf(sql: string): string {
  return createHash("sha256").update(sql.replaceAll("\r\n", "\n"), "utf8").digest("hex");
}

function checkNumbers(names: readonly string[]): void {
  for (const [index, name] of names.entries()) {
    const expected = `${index + 1}`.padStart(4, "0");
    const number = /^(?!0000)(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1];
    if (number === undefined) {
      throw new MigrationRefused(
        "bad_name",
        `The migration ${name} needs a name such as ${expected}_what_it_brings.sql.`,
      );
    }
    if (number > expected) {
      throw new MigrationRefused(
        "file_missing",
        `The migration ${expected}_….sql is missing before ${name}. Install the program again, ` +
          "with all of its files. A new migration takes the next number.",
      );
    }
    if (number < expected) {
      throw new MigrationRefused(
        "out_of_order",
        `Two migrations have the number ${number}: ${names[index - 1]} and ${name}. Give the one ` +
          "that has not landed yet the next number.",
      );
    }
  }
}
