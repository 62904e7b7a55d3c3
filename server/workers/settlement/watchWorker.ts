import type { Logger } from "pino";

import type { Check, WorkerHealth } from "@compute-credits/platform/process/health";
import type { Worker } from "../worker.ts";
import { type AlarmDeps, type Alarm, settlementAlarms } from "./alarms.ts";

export interface WatchDeps extends AlarmDeps {
  readonly pollMs: number;
  readonly health: Pick<WorkerHealth, "raise">;
  readonly log: Logger;
}

/** Every deadline that is watched is at least some seconds long. */
const MIN_PAUSE_MS = 1_000;

/** Raises the alarms that an operator must act on. Servers that never settle watch too. */
export function watchWorker({ pollMs, health, log, ...alarmDeps }: WatchDeps): Worker {
  let reported = "";
  return {
    name: "watch",
    scope: "chain",
    pauseMs: Math.max(pollMs, MIN_PAUSE_MS),
    async step() {
      const alarms = await settlementAlarms(alarmDeps);
      health.raise(alarms.map(toCheck), "watch");
      // Only a change is logged: an alarm may stay on for hours.
      const report = alarms.map(({ message }) => message).join("; ");
      if (report !== reported && report !== "") log.error({ alarms }, report);
      reported = report;
      return "done";
    },
    failure: "open refunds and challenges could not be read; the worker tries again",
  };
}

function toCheck({ name, message, isFatal }: Alarm): Check {
  return isFatal ? { name, error: message } : { name, error: null, warning: message };
}
