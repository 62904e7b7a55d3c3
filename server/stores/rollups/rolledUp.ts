import type { Sql } from "@compute-credits/platform/postgres/database";

/** Which entries of the log the daily sums hold. */
export interface RolledUp {
  /** PostgreSQL snapshots, as text */
  readonly since: string;
  readonly upTo: string;
  readonly nextOrder: bigint;
  /** entries of earlier transactions are in the sums */
  readonly firstTransaction: bigint;
}

/** A snapshot that sees no transaction. */
export const EMPTY_SNAPSHOT = "1:1:";

/**
 * SQL: the position belongs to this server's transactions. A dump that is restored on another
 * server has numbers that mean nothing there (docs/auditors.md); they show by being ahead.
 */
export const IS_OF_THIS_SERVER = `pg_snapshot_xmax(up_to::pg_snapshot)::text::bigint
  <= pg_snapshot_xmax(pg_current_snapshot())::text::bigint`;

/**
 * Reads which entries the sums hold. `null` if they hold no whole window yet: then the log alone
 * answers. Call it on the snapshot of the read that uses it.
 */
export async function readRolledUp(sql: Sql): Promise<RolledUp | null> {
  const [found] = await sql.query<RolledUp>(
    `select since, up_to as "upTo", next_order as "nextOrder",
       pg_snapshot_xmin(since::pg_snapshot)::text::bigint as "firstTransaction"
     from roll_up where since <> '${EMPTY_SNAPSHOT}' and ${IS_OF_THIS_SERVER}`,
  );
  return found ?? null;
}

/** SQL: the sums hold the entry of `alias`. */
export function isRolledUpSql(
  alias: string,
  { since, upTo, nextOrder }: { since: string; upTo: string; nextOrder: string },
): string {
  const transaction = `${alias}.transaction_id::text::xid8`;
  return `(pg_visible_in_snapshot(${transaction}, ${since}::pg_snapshot)
    or (pg_visible_in_snapshot(${transaction}, ${upTo}::pg_snapshot)
      and ${alias}.log_order < ${nextOrder}))`;
}
