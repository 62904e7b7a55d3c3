import type { Database } from "@compute-credits/platform/postgres/database";
import type { Health, WorkerHealth } from "@compute-credits/platform/process/health";
import type { MeteringGate } from "./meteringGate.ts";

/**
 * What `/readyz` reports: whether the database answers and metering goes on, then each worker, then
 * the alarms.
 */
export function serverHealth(
  database: Database,
  gate: Pick<MeteringGate, "stopped">,
  workers: WorkerHealth,
): Health {
  return {
    async checks() {
      const error = await database.query("select 1").then(
        () => null,
        () => "does not answer",
      );
      const metering = { name: "metering", error: gate.stopped?.message ?? null };
      return [{ name: "database", error }, metering, ...workers.list()];
    },
  };
}
