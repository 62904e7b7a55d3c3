import type { Logger } from "pino";

import type { Leadership } from "@compute-credits/platform/postgres/leadership";
import type { Worker } from "../worker.ts";
import type { Settler } from "./settler.ts";

export interface SettlerWorkerDeps {
  /** Opens the settler, or returns the open one. Rejects while no endpoint of the chain answers. */
  readonly settler: () => Promise<Settler>;
  readonly leadership: Leadership;
  readonly pollMs: number;
  readonly log: Logger;
}

/** A step may hash a table of millions of rows and wait for several transactions. */
const STEP_BOUND_MS = 600_000;

/** Settles while this server leads. */
export function settlerWorker({ settler, leadership, pollMs, log }: SettlerWorkerDeps): Worker {
  let wasLeader = false;
  return {
    name: "settler",
    scope: "chain",
    stepBoundMs: STEP_BOUND_MS,
    pauseMs: pollMs,
    async step() {
      const isLeader = await leadership.isLeader();
      if (isLeader !== wasLeader) {
        log.info(isLeader ? "settling: this server leads" : "settling: another server leads");
      }
      wasLeader = isLeader;
      if (isLeader) await (await settler()).step();
      return "done";
    },
    failure: "settlement could not go on; the settler tries again",
    onStop: () => leadership.resign(),
  };
}
