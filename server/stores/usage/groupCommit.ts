import { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import { noteCommit, withoutCounting } from "@compute-credits/platform/postgres/sentWrites";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { UsageLedger } from "./usageLedger.ts";

export interface GroupCommitOptions {
  /** the most events that share a commit */
  readonly maxEvents: number;
  /** the most commits that run at once */
  readonly maxConcurrent: number;
  /** the least number of waiting events to start a second commit beside a running one */
  readonly minEventsPerCommit: number;
}

/** Two concurrent commits: one group is decided while the other is written. */
const DEFAULTS: GroupCommitOptions = { maxEvents: 1_000, maxConcurrent: 2, minEventsPerCommit: 16 };

interface WaitingRequest {
  readonly events: readonly UsageEvent[];
  readonly asOfRevocations: bigint | undefined;
  readonly resolve: (outcomes: readonly UsageOutcome[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Lets concurrent requests share commits. Requests that arrive while `maxConcurrent` commits run
 * wait for the next one; an idle ledger commits at once, and no request waits for a timer.
 *
 * A full queue is split among the free commits. Otherwise clients that were answered together would
 * form one group for ever, with the ledger and the database idle in turns. A few events beside a
 * running commit wait for it, because a commit costs more than they do.
 */
export function withGroupCommit(
  ledger: UsageLedger,
  { maxEvents, maxConcurrent, minEventsPerCommit }: GroupCommitOptions = DEFAULTS,
): UsageLedger {
  const queue: WaitingRequest[] = [];
  let running = 0;
  let waitingEvents = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    withoutCounting(() =>
      setImmediate(() => {
        isScheduled = false;
        startCommits();
      }),
    );
  }

  function startCommits(): void {
    while (
      queue.length > 0 &&
      (running === 0 || (running < maxConcurrent && waitingEvents >= minEventsPerCommit))
    ) {
      const group = nextGroup();
      running++;
      void commit(group).finally(() => {
        running--;
        schedule();
      });
    }
  }

  /**
   * Takes the next group from the queue: an equal share for each free commit, if the shares are
   * large enough.
   */
  function nextGroup(): WaitingRequest[] {
    const shares = Math.min(
      maxConcurrent - running,
      Math.floor(waitingEvents / minEventsPerCommit),
    );
    const maxGroupEvents = Math.min(maxEvents, Math.ceil(waitingEvents / Math.max(1, shares)));
    let events = 0;
    let size = 0;
    for (const waiting of queue) {
      if (size > 0 && events + waiting.events.length > maxGroupEvents) break;
      events += waiting.events.length;
      size++;
    }
    waitingEvents -= events;
    return queue.splice(0, size);
  }

  async function commit(group: readonly WaitingRequest[]): Promise<void> {
    try {
      const outcomes = await ledger.record(
        group.flatMap(({ events }) => events),
        earliestRevocations(group),
      );
      let from = 0;
      for (const { events, resolve } of group) {
        resolve(outcomes.slice(from, (from += events.length)));
      }
    } catch (error) {
      const [only, ...others] = group;
      if (only !== undefined && others.length === 0) only.reject(error);
      // What is known about the group is known about each. Alone, a request whose first commit got
      // no answer could fail again before its commit, and would seem to have changed nothing.
      else if (error instanceof DatabaseUnavailable) group.forEach(({ reject }) => reject(error));
      // One bad request must not fail the others, so each is retried by itself.
      else await Promise.all(group.map((waiting) => commit([waiting])));
    }
  }

  return {
    ...ledger,
    async record(events, asOfRevocations) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly UsageOutcome[]>();
      queue.push({ events, asOfRevocations, resolve, reject });
      waitingEvents += events.length;
      schedule();
      const outcomes = await promise;
      noteCommit();
      return outcomes;
    },
  };
}

/**
 * Returns the earliest count of a group. If nothing was revoked since then, all of the group's keys
 * are valid.
 */
function earliestRevocations(group: readonly WaitingRequest[]): bigint | undefined {
  let least: bigint | undefined;
  for (const { asOfRevocations: asOf } of group) {
    if (asOf !== undefined && (least === undefined || asOf < least)) least = asOf;
  }
  return least;
}
