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
  /**
   * Leaves the database to others after each read for as long as the read took. For the embedded
   * database, whose one connection is also the debits'.
   */
  readonly sharesConnection: boolean;
}

/** A long read on the embedded database is followed by at most this much time for others. */
const MAX_REST_MS = 1_000;

/** Bounds how many reads run and wait at one time. A transaction counts as one read. */
export function boundReads(database: Database, bounds: ReadBounds): Database {
  const turns = createTurns(bounds);

  async function inTurn<T>(read: () => Promise<T>): Promise<T> {
    await turns.take();
    const startedAt = performance.now();
    try {
      return await read();
    } catch (error) {
      throw isCancelled(error)
        ? new ReadTimedOut("the read took too long", { cause: error })
        : error;
    } finally {
      const restMs = Math.min(performance.now() - startedAt, MAX_REST_MS);
      if (bounds.sharesConnection) setTimeout(() => turns.pass(), restMs).unref();
      else turns.pass();
    }
  }

  return {
    ...database,
    query: (...args) => inTurn(() => database.query(...args)),
    transaction: (...args) => inTurn(() => database.transaction(...args)),
  };
}

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
      const timer = setTimeout(() => {
        queue.delete(start);
        reject(new TooManyReads("the read waited for too long"));
      }, maxWaitMs);
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
