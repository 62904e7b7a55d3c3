import { LAST_MS } from "@compute-credits/protocol/times";
import { ANSWERS } from "@compute-credits/api/bounds";
import { fail } from "./problem.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 31;
const MAX_DAYS = ANSWERS.days.most;

/**
 * Completes a time range: `to` is exclusive. Without `from` it begins 31 days before `to`, without
 * `to` it ends 31 days after `from`, and without both it ends now, inclusive.
 */
export function timeRange(
  asked: { from?: Date | undefined; to?: Date | undefined },
  now: Date,
): { from: Date; to: Date } {
  const to =
    asked.to ??
    new Date(asked.from === undefined ? now.getTime() + 1 : later(asked.from, DEFAULT_DAYS));
  const from = asked.from ?? new Date(later(to, -DEFAULT_DAYS));
  if (from >= to) {
    throw fail(400, "empty_range", "The range ends before it begins: let `from` be before `to`.");
  }
  if (to.getTime() > later(from, MAX_DAYS)) {
    throw fail(422, "range_too_long", `The range is too long: ask for at most ${MAX_DAYS} days.`, {
      maxRangeDays: MAX_DAYS,
    });
  }
  return { from, to };
}

function later(time: Date, days: number): number {
  return Math.min(time.getTime() + days * DAY_MS, LAST_MS);
}
