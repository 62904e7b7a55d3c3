import type { Sql } from "@compute-credits/platform/postgres/database";

/**
 * Inserts one row. The table's and the columns' names become SQL: never take them from user input.
 */
export async function insertRecord(
  sql: Sql,
  table: string,
  record: Readonly<Record<string, unknown>>,
  { overriding = "" }: { readonly overriding?: "" | "overriding system value" } = {},
): Promise<void> {
  const columns = Object.keys(record);
  const parameters = columns.map((_, index) => `$${index + 1}`);
  await sql.query(
    `insert into ${table} (${columns.join(", ")}) ${overriding} values (${parameters.join(", ")})`,
    Object.values(record),
  );
}
