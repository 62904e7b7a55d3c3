import type { Database } from "./database.ts";
import type { SessionLimits } from "./sessionLimits.ts";

/** The same database with these limits for each statement, and each transaction without its own. */
export function withLimits(database: Database, limits: SessionLimits): Database {
  return {
    ...database,
    query: (text, values) =>
      database.transaction(async (tx) => await tx.query(text, values), { limits }),
    transaction: (work, options) => database.transaction(work, { limits, ...options }),
  };
}
