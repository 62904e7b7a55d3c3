import type { IdempotencyStore } from "../../stores/idempotency/idempotencyStore.ts";
import type { Worker } from "../worker.ts";

export interface ForgetDeps {
  readonly idempotency: Pick<IdempotencyStore, "deleteOld">;
  readonly rateLimits: { deleteEnded(limit: number): Promise<number> };
}

const PAUSE_MS = 60_000;

const ROWS_PER_STEP = 1_000;

/** Deletes answers that were kept long enough, and what addresses used of limits that ended. */
export function forgetWorker({ idempotency, rateLimits }: ForgetDeps): Worker {
  return {
    name: "forget requests",
    pauseMs: PAUSE_MS,
    async step() {
      const answers = await idempotency.deleteOld(ROWS_PER_STEP);
      const ended = await rateLimits.deleteEnded(ROWS_PER_STEP);
      return answers === ROWS_PER_STEP || ended === ROWS_PER_STEP ? "more" : "done";
    },
    failure: "old answers and rate limits could not be deleted; the worker tries again",
  };
}
