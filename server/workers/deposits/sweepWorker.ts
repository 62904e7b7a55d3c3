import type { Leadership } from "@compute-credits/platform/postgres/leadership";
import type { Worker } from "../worker.ts";
import { type SweepDeps, sweepDeposits } from "./sweepDeposits.ts";

/** A step may wait for several transactions. */
const STEP_BOUND_MS = 600_000;

/** Sweeps deposit addresses while this server leads: one wallet sends from one server. */
export function sweepWorker(
  { leadership, pollMs }: { readonly leadership: Leadership; readonly pollMs: number },
  deps: SweepDeps,
): Worker {
  return {
    name: "deposits",
    scope: "chain",
    stepBoundMs: STEP_BOUND_MS,
    pauseMs: pollMs,
    step: async () => ((await leadership.isLeader()) ? await sweepDeposits(deps) : "done"),
    failure: "deposit addresses could not be swept; the worker tries again",
    onStop: () => leadership.resign(),
  };
}
