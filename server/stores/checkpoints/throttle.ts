import { setTimeout as delay } from "node:timers/promises";

/** Called between two pieces of long work; resolves when the next may begin. */
export type GiveWay = () => Promise<void>;

/**
 * Pauses after each piece for as long as it took: so long work takes no more than half of what the database and this
 * process have, and debits beside it the rest.
 */
export function halfTheTime({ now, pause }: Time = REAL_TIME): GiveWay {
  let began = now();
  return async () => {
    await pause(Math.min(now() - began, LONGEST_PAUSE_MS));
    began = now();
  };
}

/** Milliseconds. */
export interface Time {
  readonly now: () => number;
  readonly pause: (duration: number) => Promise<void>;
}

const REAL_TIME: Time = {
  now: () => performance.now(),
  pause: async (duration) => {
    await delay(duration);
  },
};

/** A piece takes some ten milliseconds. One that took much longer waited for something, and did not work. */
const LONGEST_PAUSE_MS = 50;
