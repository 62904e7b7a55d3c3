import type { Sql } from "./database.ts";

/**
 * Sends each statement when the one before was answered, also if the caller did not wait for it.
 * Then a program can go on while a statement runs.
 */
export function inOrder(sql: Sql): Sql {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]> {
      const rows = last.then(() => sql.query<Row>(text, values));
      last = rows.catch(() => undefined);
      return rows;
    },
  };
}
