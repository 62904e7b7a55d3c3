import type { Worker } from "../worker.ts";
import type { LedgerWatch } from "./ledgerWatch.ts";

/** Debits may go on for so long on a database that was replaced by an older one. */
const PAUSE_MS = 1_000;

/** Looks every second whether the ledger went back. */
export function watchLedgerWorker(watch: LedgerWatch): Worker {
  return {
    name: "ledger",
    pauseMs: PAUSE_MS,
    async step() {
      await watch.check();
      return "done";
    },
    failure: "the ledger's position could not be read; metering waits for it",
  };
}
