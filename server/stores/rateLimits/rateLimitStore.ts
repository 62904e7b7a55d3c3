import type { Database } from "@compute-credits/platform/postgres/database";

/** What parties used of the limits that all servers share. */
export interface RateLimitStore {
  /** Deletes at most `limit` rows of windows that ended. Returns how many it deleted. */
  deleteEnded(limit: number): Promise<number>;
}

/** Servers' clocks, which the rows' times are of, may differ by so much. */
const CLOCK_DIFFERENCE_MS = 60_000;

export function createRateLimitStore(database: Database): RateLimitStore {
  return {
    async deleteEnded(limit) {
      // Plan: rate_limits_by_end, then by primary key.
      const deleted = await database.query(
        `delete from rate_limits where key in (
           select key from rate_limits where expire < $1 order by expire limit $2
           for update skip locked)
         returning key`,
        [Date.now() - CLOCK_DIFFERENCE_MS, limit],
      );
      return deleted.length;
    },
  };
}
