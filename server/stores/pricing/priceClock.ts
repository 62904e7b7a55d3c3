import type { Sql } from "@compute-credits/platform/postgres/database";

/** The database's time, and the values that show whether a server's caches are up to date. */
export interface PriceClock {
  readonly now: Date;
  readonly newestCard: number;
  /** counts revocations of providers' keys and of providers' access to spenders */
  readonly accessRevocations: bigint;
  /** when the vault was frozen on chain, as of the last indexed block; `null` if it is not */
  readonly frozenAt: Date | null;
}

/**
 * SQL: the columns of a `PriceClock`. `clock_timestamp()` is volatile: it is read when the row is
 * produced.
 */
export const PRICE_CLOCK = `clock_timestamp() as now,
  (select coalesce(max(version), 0) from rate_cards) as "newestCard",
  (select count from access_revocations) as "accessRevocations",
  (select frozen_at from chain_cursor) as "frozenAt"`;

export async function readPriceClock(sql: Sql): Promise<PriceClock> {
  const [clock] = await sql.query<PriceClock>(`select ${PRICE_CLOCK}`);
  if (clock === undefined) throw new Error("the database returned no time");
  return clock;
}
