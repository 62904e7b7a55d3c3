import type { Logger } from "pino";

import type { WorkerHealth } from "@compute-credits/platform/process/health";
import { createThrottle } from "../../stores/checkpoints/throttle.ts";
import type { CheckPlace, RollUpMismatch, RollUpStore } from "../../stores/rollups/rollUpStore.ts";
import type { Worker } from "../worker.ts";

export interface RollUpDeps {
  readonly rollUps: RollUpStore;
  readonly health: Pick<WorkerHealth, "warn">;
  readonly log: Logger;
}

/** Sums are read together with the log's newest entries, which are those of some seconds. */
const PAUSE_MS = 5_000;

/** Log orders in one transaction: some ten milliseconds. */
const ORDERS_PER_STEP = 1_000;

/**
 * Adds the log to the daily sums, in slices that leave half of the time to debits, and compares
 * them with the log, a day of an account after each round. Sums that differ are made anew.
 */
export function rollUpWorker({ rollUps, health, log }: RollUpDeps): Worker {
  const throttle = createThrottle();
  let place: CheckPlace | null = null;

  return {
    name: "daily sums",
    pauseMs: PAUSE_MS,
    async step() {
      await throttle();
      if ((await rollUps.addNext(ORDERS_PER_STEP)) === "more") return "more";
      const checked = await rollUps.checkNext(place);
      ({ place } = checked);
      if (checked.mismatch !== null) await alarm(checked.mismatch);
      return "done";
    },
    failure: "daily sums could not be brought up to date; the worker tries again",
  };

  async function alarm({ role, address, day }: RollUpMismatch): Promise<void> {
    const message =
      `the daily sums of ${role} ${address} on ${day} differed from the log; ` +
      "they are made anew from it";
    log.error({ role, address, day }, message);
    health.warn("daily sums", message);
    await rollUps.restart();
  }
}
