import { setTimeout as delay } from "node:timers/promises";

import { type Moment, later, msUntil } from "../clock.ts";
import type { Journal } from "../journal/journal.ts";
import { endWorkload } from "../workload/end.ts";
import type { Workload } from "../workload/workload.ts";
import type { Ending, Lease, LeaseDeps } from "./lease.ts";

export interface RunDeps extends Pick<LeaseDeps, "timing" | "now" | "say"> {
  readonly lease: Lease;
  readonly journal: Journal;
  readonly workload: Workload;
  /** aborts when the workload has ended; one that the agent did not start is looked at instead */
  readonly ended: AbortSignal;
  /** aborts when the agent is told to stop */
  readonly stopping: AbortSignal;
  /** Runs before each wait: the watchdog is told how far the hold reaches. */
  readonly onStep: () => Promise<void>;
}

/** Between two looks at a workload that this agent did not start, in milliseconds. */
const LOOK_MS = 1_000;

/** Between two tries of the last capture. */
const RETRY_MS = 500;

/**
 * Measures and charges a workload until it ends, or ends it before what is held does. Resolves with
 * why it ended, and whether all that was used is charged; if not, the journal has what is left.
 */
export async function runLease(
  given: RunDeps,
): Promise<{ readonly why: Ending; readonly isSettled: boolean }> {
  let lastSeen: Moment | null = null;
  const { lease, timing, now, journal, say } = given;
  const workload: Workload = {
    ...given.workload,
    async isRunning() {
      const at = now();
      const isRunning = await given.workload.isRunning();
      if (isRunning) lastSeen = at;
      return isRunning;
    },
  };
  const deps = { ...given, workload };
  const wake = AbortSignal.any([deps.ended, deps.stopping]);
  const why = await meterUntilEnd(deps, wake);
  await journal.append({ is: "ending", why });
  if (await workload.isRunning()) {
    say(`ending the workload (${why}): SIGTERM now, SIGKILL in ${timing.graceSeconds} s`);
  }
  // The grace is stated, but never outlasts what is held.
  const { endsAt } = lease.state;
  const leftMs = endsAt === null ? 0 : msUntil(endsAt, now()) - timing.marginSeconds * 1_000;
  const graceMs = Math.max(0, Math.min(timing.graceSeconds * 1_000, leftMs));
  await endWorkload(workload, { graceMs, wait: delay });
  return { why, isSettled: await settleLast(deps, lastSeen) };
}

async function meterUntilEnd(deps: RunDeps, wake: AbortSignal): Promise<Ending> {
  const { lease, timing, now, onStep } = deps;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one reading after the other
    await onStep();
    // oxlint-disable-next-line no-await-in-loop
    const ending = await waitUntilRead(deps, wake, later(now(), timing.intervalSeconds));
    if (ending !== null) return ending;
    // oxlint-disable-next-line no-await-in-loop
    await lease.measure();
    // oxlint-disable-next-line no-await-in-loop
    await lease.settle();
    // oxlint-disable-next-line no-await-in-loop
    await lease.extend();
    const { at, why } = lease.endsBy();
    if (msUntil(at, now()) === 0) return why;
  }
}

/** Waits for the next reading. Returns why the lease ends, if it does before. */
async function waitUntilRead(
  { lease, workload, now, stopping }: RunDeps,
  wake: AbortSignal,
  readAt: Moment,
): Promise<Ending | null> {
  for (;;) {
    if (stopping.aborted) return "stopped";
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    if (!(await workload.isRunning())) return "workload_ended";
    const leftMs = Math.min(msUntil(readAt, now()), msUntil(lease.endsBy().at, now()));
    if (leftMs === 0) return null;
    // oxlint-disable-next-line no-await-in-loop
    await delay(Math.min(leftMs, LOOK_MS), undefined, { signal: wake }).catch(() => undefined);
  }
}

/** Charges the rest, for as long as the hold lasts. */
export async function settleLast(
  {
    lease,
    journal,
    timing,
    now,
    say,
  }: Pick<RunDeps, "lease" | "journal" | "timing" | "now" | "say">,
  lastSeen: Moment | null = null,
): Promise<boolean> {
  const isDone = async () => {
    if (!(await lease.settle())) return false;
    if (!lease.state.isOver) {
      if (lease.state.workload !== null) await lease.measure({ lastSeen });
      await journal.append({ is: "over" });
      if (!(await lease.settle())) return false;
    }
    // After a final capture nothing is left to return, and the ledger says so.
    if (!(await lease.release())) return false;
    await journal.append({ is: "settled" });
    return true;
  };
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    if (await isDone()) return true;
    const { endsAt } = lease.state;
    if (endsAt === null || msUntil(endsAt, now()) === 0) {
      say(`the server does not answer: ${timing.marginSeconds} s were left for the last capture`);
      return false;
    }
    // oxlint-disable-next-line no-await-in-loop
    await delay(RETRY_MS);
  }
}
