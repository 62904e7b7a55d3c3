import type { Database } from "@compute-credits/platform/postgres/database";
import type { Health, WorkerHealth } from "@compute-credits/platform/process/health";
import { sharedCheck } from "@compute-credits/platform/process/sharedCheck";
import type { MeteringGate } from "./meteringGate.ts";
import type { ChainHead } from "./workers/chain/chainHead.ts";

export interface HealthDeps {
  readonly database: Pick<Database, "check">;
  readonly gate: Pick<MeteringGate, "stopped">;
  readonly workers: Pick<WorkerHealth, "list">;
  readonly head: Pick<ChainHead, "error">;
}

/** A load balancer waits for two seconds or longer. */
const ANSWER_WITHIN_MS = 1_500;

/** Strangers may ask any number of times. */
const MAX_AGE_MS = 1_000;

/** The connection is given up a little earlier than the caller, so that the next check has another. */
const DATABASE_ANSWER_MS = 1_000;

/**
 * What `/readyz` reports: whether the database takes writes and metering goes on, whether the chain
 * moves, then each worker, then the alarms. A dead endpoint of the chain leaves metering ready.
 */
export function serverHealth({ database, gate, workers, head }: HealthDeps): Health {
  const checkDatabase = sharedCheck(() => database.check(DATABASE_ANSWER_MS), {
    maxAgeMs: MAX_AGE_MS,
    timeoutMs: ANSWER_WITHIN_MS,
  });
  return {
    async checks(scope) {
      const databaseCheck = { name: "database", error: await checkDatabase() };
      const metering = { name: "metering", error: gate.stopped?.message ?? null };
      const chain = { name: "chain", error: head.error() };
      return [
        databaseCheck,
        ...(scope === "chain" ? [] : [metering]),
        ...(scope === "metering" ? [] : [chain]),
        ...workers.list(scope),
      ];
    },
  };
}
