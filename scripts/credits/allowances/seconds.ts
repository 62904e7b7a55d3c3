/** Seconds since 1970, rounded down to a whole one. */
export function secondsOf(time: Date): bigint {
  return BigInt(Math.floor(time.getTime() / 1000));
}
