import type { Database } from "@compute-credits/platform/postgres/database";
import type { Health, WorkerHealth } from "@compute-credits/platform/process/health";

/** What `/readyz` reports: whether the database answers, then each worker, then the alarms. */
export function serverHealth(database: Database, workers: WorkerHealth): Health {
  return {
    async checks() {
      const error = await database.query("select 1").then(
        () => null,
        () => "does not answer",
      );
      return [{ name: "database", error }, ...workers.list()];
    },
  };
}
