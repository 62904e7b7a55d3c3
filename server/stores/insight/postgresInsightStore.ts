import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { InsightStore } from "./insightStore.ts";
import { readBudgets } from "./budgets.ts";
import { readDebits, readParties } from "./debitLog.ts";
import { readExplanation } from "./explanation.ts";
import { readOpenHolds } from "./openHolds.ts";
import { readOutlook } from "./outlook.ts";
import { readUsageSums } from "./usageSums.ts";

export function createInsightStore(database: Database): InsightStore {
  /** Runs several statements on one snapshot. */
  const inSnapshot = <T>(work: (sql: Sql) => Promise<T>) =>
    database.transaction(work, { isolation: "repeatable read" });

  return {
    debits: (...args) => readDebits(database, ...args),
    openHolds: (...args) => inSnapshot((sql) => readOpenHolds(sql, ...args)),
    partiesOf: (event) => readParties(database, event),
    usage: (...args) => inSnapshot((sql) => readUsageSums(sql, ...args)),
    explain: (...args) => inSnapshot((sql) => readExplanation(sql, ...args)),
    outlook: (...args) => inSnapshot((sql) => readOutlook(sql, ...args)),
    budgets: (...args) => inSnapshot((sql) => readBudgets(sql, ...args)),
  };
}
