/**
 * SQL: the entry of `alias` is of the window. The parameters are $1 `since`, $2 `upTo`, $3 `after`.
 * Plan: block ranges or an index by transaction, so that only rows since then are read.
 */
export function inWindowSql(alias: string): string {
  const transaction = `${alias}.transaction_id`;
  return `${transaction} >= (select pg_snapshot_xmin($1::pg_snapshot)::text::bigint)
    and ${transaction} < (select pg_snapshot_xmax($2::pg_snapshot)::text::bigint)
    and pg_visible_in_snapshot(${transaction}::text::xid8, $2::pg_snapshot)
    and not pg_visible_in_snapshot(${transaction}::text::xid8, $1::pg_snapshot)
    and ${alias}.log_order > $3`;
}

/** SQL: an item of a `bytea[]` parameter. Hashed once, so that thousands of items cost no more. */
export function isAmong(column: string, parameter: string): string {
  return `${column} in (select unnest(${parameter}::bytea[]))`;
}

/** SQL: the bytes of a field of a note, which has them as 0x… text. */
export function bytesOf(field: string): string {
  return `decode(substr(n.body->>'${field}', 3), 'hex')`;
}
