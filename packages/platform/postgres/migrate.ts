import { readFile, readdir } from "node:fs/promises";

import type { Database } from "./database.ts";
import { ADVISORY_LOCK } from "./advisoryLocks.ts";

/**
 * Brings a schema up to date: each numbered file once, in order, all in one transaction.
 * Processes that start together wait for one another, and the later ones find nothing to do.
 */
export async function migrateFrom(folder: URL, database: Database): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();

  await database.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock($1)", [ADVISORY_LOCK.migrations]);
    await tx.query("create table if not exists migrations (name text primary key)");
    const applied = await tx.query<{ name: string }>("select name from migrations");
    const done = new Set(applied.map(({ name }) => name));

    for (const name of files) {
      if (done.has(name)) continue;
      for (const statement of statements(await readFile(new URL(name, folder), "utf8"))) {
        await tx.query(statement);
      }
      await tx.query("insert into migrations (name) values ($1)", [name]);
    }
  });
}

/** Migration files are plain: a statement ends with a semicolon at the end of a line. */
function statements(file: string): string[] {
  return file
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
