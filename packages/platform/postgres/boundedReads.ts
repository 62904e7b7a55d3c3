import { hasCode } from "../process/errorCode.ts";
import type { Database } from "./database.ts";

/** Thrown in place of a read if as many reads wait already as may, or it waited for too long. */
export class TooManyReads extends Error {
  override readonly name = "TooManyReads";
}

/** Thrown by a read that the database ended, because it took too long. */
export class ReadTimedOut extends Error {
  override readonly name = "ReadTimedOut";
}

export interface ReadBounds {
  /** reads at one time */
  readonly running: number;
  /** reads that wait for one of those to end */
  readonly waiting: number;
  readonly maxWaitMs: number;
  /** how long the database is left to others after a read that took so long; 0 for no rest */
  readonly restMs: (tookMs: number) => number;
}

/** A long read is followed by at most this much time for others. */
const MAX_REST_MS = 2_000;

/** Does work in its turn. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Bounds how many reads run and wait at one time. A transaction counts as one read. */
export function boundReads(database: Database, bounds: ReadBounds): Database {
  const inTurn = takeTurns(bounds);

  async function read<T>(work: () => Promise<T>): Promise<T> {
    return await inTurn(work).catch((error: unknown) => {
      throw isCancelled(error)
        ? new ReadTimedOut("the read took too long", { cause: error })
        : error;
    });
  }

  return {
    ...database,
    query: (...args) => read(() => database.query(...args)),
    transaction: (...args) => read(() => database.transaction(...args)),
  };
}

/** Bounds how much work of one kind is done and waits at one time. */
export function takeTurns(bounds: ReadBounds): InTurn {
  const turns = createTurns(bounds);
  return async (work) => {
    await turns.take();
    const startedAt = performance.now();
    try {
      return await work();
    } finally {
      const restMs = Math.min(bounds.restMs(performance.now() - startedAt), MAX_REST_MS);
      if (restMs > 0) setTimeout(() => turns.pass(), restMs).unref();
      else turns.pass();
    }
  };
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Hands out `running` turns, first come first served. */
function createTurns({ running, waiting, maxWaitMs }: ReadBounds) {
  let free = running;
  const queue = new Set<() => void>();

  return {
    async take(): Promise<void> {
      if (free > 0) {
        free--;
        return;
      }
      if (queue.size >= waiting) throw new TooManyReads("as many reads wait as may");
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      // `setTimeout` takes longer times for none at all.
      const timer = setTimeout(
        () => {
          queue.delete(start);
          reject(new TooManyReads("the read waited for too long"));
        },
        Math.min(maxWaitMs, LONGEST_TIMER_MS),
      );
      const start = () => {
        clearTimeout(timer);
        resolve();
      };
      queue.add(start);
      await promise;
    },

    /** Gives a turn that was taken to the next read. */
    pass(): void {
      const [next] = queue;
      if (next === undefined) {
        free++;
        return;
      }
      queue.delete(next);
      next();
    },
  };
}

/** PostgreSQL's `query_canceled`, which `statement_timeout` raises. */
function isCancelled(error: unknown): boolean {
  return hasCode(error, "57014");
}
