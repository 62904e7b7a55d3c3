/** When a lease does what, in seconds. */
export interface Timing {
  /** between two readings */
  readonly intervalSeconds: number;
  /** between SIGTERM and SIGKILL */
  readonly graceSeconds: number;
  /** kept free before a hold ends, for the last capture */
  readonly marginSeconds: number;
  /** how far a hold reaches whenever it is opened or extended */
  readonly reachSeconds: number;
}

/** Before a hold ends, the workload is told to end so much earlier. */
export function endsBeforeSeconds({ graceSeconds, marginSeconds }: Timing): number {
  return graceSeconds + marginSeconds;
}

/** The least that a hold may reach: time for three readings, and for the end. */
export function leastReachSeconds(timing: Timing): number {
  return endsBeforeSeconds(timing) + 3 * timing.intervalSeconds;
}

/** A hold is extended once it reaches less far: at least three readings try to before it is late. */
export function extendsBelowSeconds(timing: Timing): number {
  return leastReachSeconds(timing) + timing.intervalSeconds;
}

/** Nanoseconds between two readings beyond which their difference is a gap. */
export function longestNsOf({ intervalSeconds }: Timing): bigint {
  return BigInt(intervalSeconds) * 2_500_000_000n;
}
