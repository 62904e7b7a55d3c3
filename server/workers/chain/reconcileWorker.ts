import type { Logger } from "pino";

import type { Check, WorkerHealth } from "@compute-credits/platform/process/health";
import { publicSummary } from "@compute-credits/platform/process/health";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { Comparison } from "@compute-credits/rules/insight/reconcile";
import { type ReadReportDeps, readReport } from "../../routes/insight/readReport.ts";
import type { Worker } from "../worker.ts";

export interface ReconcileDeps extends ReadReportDeps {
  readonly chainStore: Pick<ChainStore, "cursor">;
  readonly deploymentBlock: bigint;
  readonly health: Pick<WorkerHealth, "raise">;
  readonly log: Logger;
  /** milliseconds of a clock that only goes forward */
  readonly now?: () => number;
}

const PAUSE_MS = 5_000;

/** Rests this many times as long as a comparison took, because the sums read every account. */
const REST_FACTOR = 5;
const REST_MS = { least: 15_000, most: 45_000 };

/** An endpoint may be down for a while. Books that were not checked for longer are an alarm. */
const UNKNOWN_AFTER_MS = 600_000;

/** Only sums are compared. */
const NO_DAYS = { from: new Date(0), to: new Date(0) };

/**
 * Compares the ledger's sums with the contract's, at the block that the ledger has read, and raises
 * an alarm while they differ without an explanation: within a minute if a comparison takes less than
 * some seconds. It changes nothing; an operator reads the chain again.
 */
export function reconcileWorker({
  chainStore,
  deploymentBlock,
  health,
  log,
  now = () => performance.now(),
  ...deps
}: ReconcileDeps): Worker {
  let nextAt = 0;
  let knownAt = now();
  let goodUpTo = deploymentBlock - 1n;
  let reported = "";

  function raise(warning: string | null): void {
    const alarms: readonly Check[] =
      warning === null ? [] : [{ name: "reconciliation", error: null, warning }];
    health.raise(alarms, "reconciliation");
    // Only a change is logged: an alarm may stay on for hours.
    if (warning !== null && warning !== reported) log.error({ alarms }, warning);
    reported = warning ?? "";
  }

  return {
    name: "reconciliation",
    scope: "chain",
    pauseMs: PAUSE_MS,
    async step() {
      const startedAt = now();
      if (startedAt < nextAt) return "done";
      // Before its deployment the contract tells nothing.
      if ((await chainStore.cursor()).number < deploymentBlock) return "done";
      try {
        const { reconciled, comparisons, ledger } = await readReport(deps, NO_DAYS);
        knownAt = now();
        if (reconciled) goodUpTo = ledger.block.number;
        raise(reconciled ? null : differenceText(comparisons, goodUpTo + 1n));
      } catch (error) {
        log.warn({ err: error }, "the ledger could not be compared with the chain; tried again");
        if (now() - knownAt > UNKNOWN_AFTER_MS) {
          raise(
            "the ledger could not be compared with the chain for 10 minutes " +
              `(${publicSummary(error)}): check RPC_URL`,
          );
        }
      }
      const rest = (now() - startedAt) * REST_FACTOR;
      nextAt = now() + Math.min(Math.max(rest, REST_MS.least), REST_MS.most);
      return "done";
    },
    failure: "the ledger could not be compared with the chain; the worker tries again",
  };
}

function differenceText(comparisons: readonly Comparison[], from: bigint): string {
  const wrong = comparisons
    .filter(({ differences }) => differences.some(({ because }) => because === "unexplained"))
    .map(
      ({ name, unit, ledger, chain }) => `${name} is ${ledger} here and ${chain} there (${unit})`,
    );
  return (
    `the ledger and the chain differ: ${wrong.join("; ")}. Read the chain again: ` +
    `npm run reindex -- --from ${from} (docs/chain-repair.md)`
  );
}
