import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { UsageLedger } from "./usageLedger.ts";

export interface GroupCommitOptions {
  /** no more events than these share a commit */
  readonly maxEvents: number;
  /** commits under way at once */
  readonly lanes: number;
  /** so many events must wait before another commit is begun beside one that is under way */
  readonly eventsWorthALane: number;
}

/** Two lanes, so that one group is decided while the other is being written. */
const DEFAULTS: GroupCommitOptions = { maxEvents: 1_000, lanes: 2, eventsWorthALane: 16 };

interface Waiting {
  readonly events: readonly UsageEvent[];
  readonly asOfRevocations: bigint | undefined;
  readonly resolve: (outcomes: readonly UsageOutcome[]) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Lets requests that come at the same time share a commit: while as many are under way as there are lanes, what arrives
 * waits and goes together with the next. Many are shared out among the lanes that are free: those that were answered
 * together come again together, and would for ever go in one group, with the ledger waiting for the database and the
 * other way round. A few single events beside a commit wait for it, too: what a commit costs besides its events is most of
 * what they cost. Nobody waits for a timer, and an idle ledger commits as soon as it has read what has arrived already.
 */
export function withGroupCommit(
  ledger: UsageLedger,
  { maxEvents, lanes, eventsWorthALane }: GroupCommitOptions = DEFAULTS,
): UsageLedger {
  const queue: Waiting[] = [];
  let underWay = 0;
  let waitingEvents = 0;
  let isWoken = false;

  function wake(): void {
    if (isWoken) return;
    isWoken = true;
    setImmediate(() => {
      isWoken = false;
      pump();
    });
  }

  function pump(): void {
    while (
      queue.length > 0 &&
      (underWay === 0 || (underWay < lanes && waitingEvents >= eventsWorthALane))
    ) {
      const group = nextGroup();
      underWay++;
      void commit(group).finally(() => {
        underWay--;
        wake();
      });
    }
  }

  /** What comes next, shared out among the free lanes where each share is worth one. */
  function nextGroup(): Waiting[] {
    const shares = Math.min(lanes - underWay, Math.floor(waitingEvents / eventsWorthALane));
    const most = Math.min(maxEvents, Math.ceil(waitingEvents / Math.max(1, shares)));
    let events = 0;
    let size = 0;
    for (const waiting of queue) {
      if (size > 0 && events + waiting.events.length > most) break;
      events += waiting.events.length;
      size++;
    }
    waitingEvents -= events;
    return queue.splice(0, size);
  }

  async function commit(group: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await ledger.record(
        group.flatMap(({ events }) => events),
        earliest(group),
      );
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
    record(events, asOfRevocations) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly UsageOutcome[]>();
      queue.push({ events, asOfRevocations, resolve, reject });
      waitingEvents += events.length;
      wake();
      return promise;
    },
  };
}

/** Good for all of a group. */
function earliest(group: readonly Waiting[]): bigint | undefined {
  let least: bigint | undefined;
  for (const { asOfRevocations: asOf } of group) {
    if (asOf !== undefined && (least === undefined || asOf < least)) least = asOf;
  }
  return least;
}
