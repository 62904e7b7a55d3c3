/** How fast a hold is used, and when it stops. */
export interface Burn {
  /** micro-credits an hour since the hold began, rounded down; 0 before the first capture */
  readonly microsPerHour: bigint;
  /** when the hold ends, or is used up at this rate, whichever is earlier */
  readonly stopsAt: Date;
  readonly because: "time" | "credits";
}

const HOUR_MS = 3_600_000n;

/** Reckons with what was captured since the hold began, as if the work went on in the same way. */
export function burnOf(
  {
    heldMicros,
    capturedMicros,
    createdAt,
    expiresAt,
  }: {
    readonly heldMicros: bigint;
    readonly capturedMicros: bigint;
    readonly createdAt: Date;
    readonly expiresAt: Date;
  },
  now: Date,
): Burn {
  const passedMs = BigInt(Math.max(1, now.getTime() - createdAt.getTime()));
  const microsPerHour = (capturedMicros * HOUR_MS) / passedMs;
  const byTime = { microsPerHour, stopsAt: expiresAt, because: "time" } as const;
  if (capturedMicros === 0n) return byTime;
  const leftMs = (heldMicros * passedMs) / capturedMicros;
  // Beyond the hold's own end the date would not matter, and could be too large for one.
  if (leftMs >= BigInt(Math.max(0, expiresAt.getTime() - now.getTime()))) return byTime;
  return { microsPerHour, stopsAt: new Date(now.getTime() + Number(leftMs)), because: "credits" };
}
