import type { Worker } from "../worker.ts";
import type { LedgerWatch } from "./ledgerWatch.ts";

/** Debits may go on for so long on a database that was replaced by an older one. */
const PAUSE_MS = 1_000;

/** Longer than the limits of its few statements and of one call of the chain, together. */
const STEP_BOUND_MS = 30_000;

/** Looks every second whether the ledger went back. */
export function watchLedgerWorker(watch: LedgerWatch): Worker {
  return {
    name: "ledger",
    scope: "metering",
    stepBoundMs: STEP_BOUND_MS,
    pauseMs: PAUSE_MS,
    async step() {
      await watch.check();
      return "done";
    },
    failure: "the ledger's position could not be read; metering waits for it",
  };
}
