import type { Workload } from "./workload.ts";

/** How often a running workload is looked at, in milliseconds. */
const LOOK_MS = 100;

/** What an end may take, and how it waits. */
export interface EndOptions {
  /** between SIGTERM and SIGKILL, in milliseconds */
  readonly graceMs: number;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/**
 * Ends a workload: asks it, waits for as long as the grace is, and then kills it. Resolves when none
 * of it runs. Returns whether it had to be killed.
 */
export async function endWorkload(
  workload: Workload,
  { graceMs, wait }: EndOptions,
): Promise<boolean> {
  await workload.terminate();
  for (let waited = 0; waited < graceMs; waited += LOOK_MS) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    if (!(await workload.isRunning())) break;
    // oxlint-disable-next-line no-await-in-loop
    await wait(Math.min(LOOK_MS, graceMs - waited));
  }
  const isLate = await workload.isRunning();
  // Also what it left behind: all of it was started on the payer's account.
  await workload.kill();
  return isLate;
}
