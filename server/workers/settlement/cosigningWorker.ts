import type { Logger } from "pino";

import type { Check, WorkerHealth } from "@compute-credits/platform/process/health";
import type { Worker } from "../worker.ts";
import { type SigningAlarmDeps, keyAlarms, waitingAlarm } from "./signingAlarms.ts";

export interface CosigningDeps extends SigningAlarmDeps {
  /** what is wrong with the auditors that the operator named */
  readonly auditors: () => Promise<readonly string[]>;
  readonly health: Pick<WorkerHealth, "raise">;
  readonly log: Logger;
}

const PAUSE_MS = 15_000;

/** Raises alarms of what keeps checkpoints from being signed, on servers that never settle too. */
export function cosigningWorker({ auditors, health, log, ...deps }: CosigningDeps): Worker {
  let reported = "";
  return {
    name: "cosigning",
    scope: "chain",
    pauseMs: PAUSE_MS,
    async step() {
      // A chain that does not answer leaves what the auditors say.
      const refusing = await auditors();
      const [waiting, keys] = await Promise.all([
        waitingAlarm(deps).catch(() => null),
        keyAlarms(deps).catch(() => []),
      ]);
      const alarms = [
        ...refusing.map((text) => toCheck("auditors", text)),
        ...(waiting === null ? [] : [toCheck("signatures", waiting)]),
        ...keys.map((text) => toCheck("signer_keys", text)),
      ];
      health.raise(alarms, "cosigning");
      const report = alarms.map(({ name, warning }) => `${name}: ${warning}`).join("; ");
      // The minutes of a wait change all the time, and are no news.
      const news = report.replaceAll(/\d+ minutes/g, "");
      if (news !== reported && report !== "") log.error({ alarms }, report);
      reported = news;
      return "done";
    },
    failure: "signatures and auditors could not be looked up; the worker tries again",
  };
}

function toCheck(name: string, warning: string): Check {
  return { name, error: null, warning };
}
