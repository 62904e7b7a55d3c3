import type { Sql } from "./database.ts";

/** Reads the database's clock, in whole milliseconds like all times in the log. */
export async function readClock(sql: Sql): Promise<Date> {
  const [clock] = await sql.query<{ now: Date }>("select clock_timestamp() as now");
  if (clock === undefined) throw new Error("the database returned no time");
  return clock.now;
}
