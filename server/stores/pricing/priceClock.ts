import type { Sql } from "@compute-credits/platform/postgres/database";

/** The database's time, and what tells whether that which a server remembers is still so. */
export interface PriceClock {
  readonly now: Date;
  readonly newestCard: number;
  /** how often a spender took a provider's access back */
  readonly accessRevocations: bigint;
  /** when the vault was frozen on chain, as far as blocks are taken in */
  readonly frozenAt: Date | null;
}

/** SQL: its columns. Volatile, and so of the moment when the row is made. */
export const PRICE_CLOCK = `clock_timestamp() as now,
  (select coalesce(max(version), 0) from rate_cards) as "newestCard",
  (select count from access_revocations) as "accessRevocations",
  (select frozen_at from chain_cursor) as "frozenAt"`;

export async function readPriceClock(sql: Sql): Promise<PriceClock> {
  const [clock] = await sql.query<PriceClock>(`select ${PRICE_CLOCK}`);
  if (clock === undefined) throw new Error("the database tells no time");
  return clock;
}
