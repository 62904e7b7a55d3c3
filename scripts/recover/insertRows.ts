import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Sql } from "@compute-credits/platform/postgres/database";

/** A row by its columns: amounts as bigints, `bytea` as PostgreSQL's text (`bytea`), JSON as it is. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Inserts rows. `columns` is SQL, "name type" for each; the names and the table's become SQL, too:
 * never take them from outside. Rows that are there already stay as they are.
 */
export async function insertRows(
  tx: Sql,
  table: string,
  columns: string,
  rows: readonly Row[],
  onConflict = "on conflict do nothing",
): Promise<void> {
  if (rows.length === 0) return;
  const names = columns.split(", ").map(nameOf);
  await tx.query(
    `insert into ${table} (${names.join(", ")})
     select ${names.join(", ")} from jsonb_to_recordset($1::jsonb) as row (${columns})
     ${onConflict}`,
    [jsonText(rows)],
  );
}

/** Updates rows of `table` by `key`, SQL as in `insertRows`, with the values of further columns. */
export async function updateRows(
  tx: Sql,
  table: string,
  { key, set }: { readonly key: string; readonly set: string },
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const assigned = set.split(", ").map((column) => `${nameOf(column)} = row.${nameOf(column)}`);
  const matched = key.split(", ").map((column) => `t.${nameOf(column)} = row.${nameOf(column)}`);
  await tx.query(
    `update ${table} t set ${assigned.join(", ")}
     from jsonb_to_recordset($1::jsonb) as row (${key}, ${set}) where ${matched.join(" and ")}`,
    [jsonText(rows)],
  );
}

function nameOf(column: string): string {
  return column.split(" ")[0] ?? "";
}
