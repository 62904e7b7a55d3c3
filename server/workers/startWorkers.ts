import type { Logger } from "pino";

import type { WorkerHealth } from "@compute-credits/platform/process/health";
import { type Loop, startLoop } from "@compute-credits/platform/process/loop";
import type { Worker } from "./worker.ts";

/** Where workers report how each run ended. */
export interface Reporting {
  readonly health: WorkerHealth;
  readonly log: Logger;
}

/** Starts all workers. Throws nothing, so that no worker is left running behind an error. */
export function startWorkers(workers: readonly Worker[], reporting: Reporting): Loop {
  const running = new AsyncDisposableStack();
  for (const worker of workers) {
    const loop = startWorker(worker, reporting);
    running.defer(() => loop.stop());
  }
  return { stop: () => running.disposeAsync() };
}

function startWorker(
  { name, pauseMs, step, failure, onError, onStop }: Worker,
  { health, log }: Reporting,
): Loop {
  const loop = startLoop(
    async () => {
      health.started(name);
      const left = await step();
      health.succeeded(name);
      return left;
    },
    {
      pauseMs,
      onError(error) {
        health.failed(name, error);
        log.error({ err: error }, failure);
        onError?.(error);
      },
    },
  );
  return {
    async stop() {
      await loop.stop();
      await onStop?.();
    },
  };
}
