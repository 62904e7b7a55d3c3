import { readFileSync } from "node:fs";

/** One moment of a monotonic clock. Two moments compare only if their clocks are the same. */
export interface Moment {
  /** which start of the machine the clock counts from */
  readonly clock: string;
  /** nanoseconds */
  readonly ns: bigint;
}

export type Clock = () => Moment;

export const NS_PER_SECOND = 1_000_000_000n;

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/**
 * The machine's monotonic clock, which all processes share and no one sets. It restarts with the
 * machine, so each moment names the boot. It stands still while the machine sleeps.
 */
export function createClock(bootIdFile: string = BOOT_ID): Clock {
  const clock = readFileSync(bootIdFile, "utf8").trim();
  return () => ({ clock, ns: process.hrtime.bigint() });
}

/** Nanoseconds from one moment to another; `null` if the machine started again in between. */
export function between(from: Moment, to: Moment): bigint | null {
  return from.clock === to.clock ? to.ns - from.ns : null;
}

/** The moment so many seconds later. */
export function later({ clock, ns }: Moment, seconds: number): Moment {
  return { clock, ns: ns + BigInt(seconds) * NS_PER_SECOND };
}

/** Milliseconds until a moment: 0 once it is over, or if the machine started again. */
export function msUntil(moment: Moment, now: Moment): number {
  const left = between(now, moment);
  return left === null || left <= 0n ? 0 : Number(left / 1_000_000n);
}
