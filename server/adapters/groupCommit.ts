import type { UsageOutcome } from "../domain/usage/outcome.ts";
import type { UsageEvent } from "../domain/usage/usageEvent.ts";
import type { UsageLedger } from "../ports/usageLedger.ts";

export interface GroupCommitOptions {
  /** no more events than these share a commit */
  readonly maxEvents: number;
  /** commits under way at once */
  readonly lanes: number;
}

interface Waiting {
  readonly events: readonly UsageEvent[];
  readonly resolve: (outcomes: readonly UsageOutcome[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Lets requests that come at the same time share a commit: while as many are under way as there are lanes, what arrives
 * waits and goes together with the next. Nobody waits for a timer, and an idle ledger commits at once.
 */
export function groupCommit(
  ledger: UsageLedger,
  { maxEvents, lanes }: GroupCommitOptions,
): UsageLedger {
  const queue: Waiting[] = [];
  let underWay = 0;

  function pump(): void {
    while (underWay < lanes && queue.length > 0) {
      underWay++;
      void commit(nextGroup()).finally(() => {
        underWay--;
        pump();
      });
    }
  }

  function nextGroup(): Waiting[] {
    let events = 0;
    let size = 0;
    for (const waiting of queue) {
      if (size > 0 && events + waiting.events.length > maxEvents) break;
      events += waiting.events.length;
      size++;
    }
    return queue.splice(0, size);
  }

  async function commit(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await ledger.record(group.flatMap(({ events }) => events));
      let from = 0;
      for (const { events, resolve } of group)
        resolve(outcomes.slice(from, (from += events.length)));
    } catch (error) {
      const [only, ...others] = group;
      if (only !== undefined && others.length === 0) only.reject(error);
      // One that cannot be recorded must not take the others with it: each tries by itself.
      else await Promise.all(group.map((waiting) => commit([waiting])));
    }
  }

  return {
    ...ledger,
    record(events) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly UsageOutcome[]>();
      queue.push({ events, resolve, reject });
      pump();
      return promise;
    },
  };
}
