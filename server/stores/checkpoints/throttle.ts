import { setTimeout as delay } from "node:timers/promises";

/** Call it between two chunks of long work. It resolves when the next chunk may start. */
export type Throttle = () => Promise<void>;

/**
 * Sleeps as long as the last chunk took, so that debits keep half of the database and of this
 * process.
 */
export function createThrottle({ now, pause }: Timer = REAL_TIMER): Throttle {
  let startedAt = now();
  return async () => {
    await pause(Math.min(now() - startedAt, MAX_PAUSE_MS));
    startedAt = now();
  };
}

/** A clock and a sleep, in milliseconds. Tests replace it. */
export interface Timer {
  readonly now: () => number;
  readonly pause: (duration: number) => Promise<void>;
}

const REAL_TIMER: Timer = {
  now: () => performance.now(),
  pause: async (duration) => {
    await delay(duration);
  },
};

/** A chunk takes about ten milliseconds. A much longer one was waiting, not working. */
const MAX_PAUSE_MS = 50;
