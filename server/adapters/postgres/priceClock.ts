import type { Sql } from "../../ports/database.ts";

/** The database's time, and the newest rate card then. */
export async function readPriceClock(sql: Sql): Promise<{ now: Date; newestCard: number }> {
  const [clock] = await sql.query<{ now: Date; newest_card: number }>(
    "select clock_timestamp() as now, coalesce(max(version), 0) as newest_card from rate_cards",
  );
  if (clock === undefined) throw new Error("the database tells no time");
  return { now: clock.now, newestCard: clock.newest_card };
}
