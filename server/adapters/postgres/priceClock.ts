import type { Sql } from "../../ports/database.ts";

/** The database's time, and what tells whether that which a server remembers is still so. */
export interface PriceClock {
  readonly now: Date;
  readonly newestCard: number;
  /** how often a spender took a provider's access back */
  readonly accessRevocations: bigint;
}

export async function readPriceClock(sql: Sql): Promise<PriceClock> {
  const [clock] = await sql.query<PriceClock>(
    `select clock_timestamp() as now, coalesce(max(version), 0) as "newestCard",
       (select count from access_revocations) as "accessRevocations"
     from rate_cards`,
  );
  if (clock === undefined) throw new Error("the database tells no time");
  return clock;
}
