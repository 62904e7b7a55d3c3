import type { Sql } from "./database.ts";

/** The database's clock, in whole milliseconds, as the log has its times. */
export async function readClock(sql: Sql): Promise<Date> {
  const [clock] = await sql.query<{ now: Date }>("select clock_timestamp() as now");
  if (clock === undefined) throw new Error("the database tells no time");
  return clock.now;
}
