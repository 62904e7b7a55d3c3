import { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import { withoutCounting } from "@compute-credits/platform/postgres/sentWrites";

export interface GroupCommitOptions {
  /** the most events that share a commit */
  readonly maxEvents: number;
  /** the most commits that run at once */
  readonly maxConcurrent: number;
  /** the least number of waiting events to start a second commit beside a running one */
  readonly minEventsPerCommit: number;
}

/** Two concurrent commits: one group is decided while the other is written. */
export const GROUP_COMMIT: GroupCommitOptions = {
  maxEvents: 1_000,
  maxConcurrent: 2,
  minEventsPerCommit: 16,
};

/** A request that waits for its commit, which tells its caller the outcome. */
export interface Job {
  readonly reject: (reason: unknown) => void;
}

export interface CommitQueue<J extends Job> {
  add(job: J): void;
}

/**
 * Lets concurrent requests share commits. Requests that arrive while `maxConcurrent` commits run
 * wait for the next one; an idle queue commits at once, and no request waits for a timer.
 *
 * A full queue is split among the free commits. Otherwise clients that were answered together would
 * form one group for ever, with the server and the database idle in turns. A few events beside a
 * running commit wait for it, because a commit costs more than they do.
 *
 * `commit` tells each job of the group its outcome, or rejects and has changed nothing: then each is
 * committed by itself.
 */
export function createCommitQueue<J extends Job>(
  commit: (group: readonly J[]) => Promise<void>,
  eventsOf: (job: J) => number,
  { maxEvents, maxConcurrent, minEventsPerCommit }: GroupCommitOptions = GROUP_COMMIT,
): CommitQueue<J> {
  const queue: J[] = [];
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
      void commitGroup(group).finally(() => {
        running--;
        schedule();
      });
    }
  }

  /**
   * Takes the next group from the queue: an equal share for each free commit, if the shares are
   * large enough.
   */
  function nextGroup(): J[] {
    const shares = Math.min(
      maxConcurrent - running,
      Math.floor(waitingEvents / minEventsPerCommit),
    );
    const maxGroupEvents = Math.min(maxEvents, Math.ceil(waitingEvents / Math.max(1, shares)));
    let events = 0;
    let size = 0;
    for (const waiting of queue) {
      if (size > 0 && events + eventsOf(waiting) > maxGroupEvents) break;
      events += eventsOf(waiting);
      size++;
    }
    waitingEvents -= events;
    return queue.splice(0, size);
  }

  async function commitGroup(group: readonly J[]): Promise<void> {
    try {
      await commit(group);
    } catch (error) {
      const [only, ...others] = group;
      if (only !== undefined && others.length === 0) only.reject(error);
      // What is known about the group is known about each. Alone, a request whose first commit got
      // no answer could fail again before its commit, and would seem to have changed nothing.
      else if (error instanceof DatabaseUnavailable) group.forEach(({ reject }) => reject(error));
      // One bad request must not fail the others, so each is retried by itself.
      else await Promise.all(group.map((waiting) => commitGroup([waiting])));
    }
  }

  return {
    add(job) {
      queue.push(job);
      waitingEvents += eventsOf(job);
      schedule();
    },
  };
}
