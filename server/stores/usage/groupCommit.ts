import { noteCommit } from "@compute-credits/platform/postgres/sentWrites";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { type GroupCommitOptions, type Job, createCommitQueue } from "../commitQueue.ts";
import type { UsageLedger } from "./usageLedger.ts";

interface WaitingRequest extends Job {
  readonly events: readonly UsageEvent[];
  readonly asOfRevocations: bigint | undefined;
  readonly resolve: (outcomes: readonly UsageOutcome[]) => void;
}

/** Lets concurrent requests share commits, without waiting for a timer (commitQueue.ts). */
export function withGroupCommit(ledger: UsageLedger, options?: GroupCommitOptions): UsageLedger {
  async function commit(group: readonly WaitingRequest[]): Promise<void> {
    const outcomes = await ledger.record(
      group.flatMap(({ events }) => events),
      earliestRevocations(group),
    );
    let from = 0;
    for (const { events, resolve } of group) {
      resolve(outcomes.slice(from, (from += events.length)));
    }
  }

  const queue = createCommitQueue(commit, ({ events }) => events.length, options);
  return {
    ...ledger,
    async record(events, asOfRevocations) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly UsageOutcome[]>();
      queue.add({ events, asOfRevocations, resolve, reject });
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
