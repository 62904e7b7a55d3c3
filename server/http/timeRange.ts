import { fail } from "./problem.ts";

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 31;
/** A leap year, so that any year can be asked for whole. */
const MAX_DAYS = 366;

/** The time that sums are asked for: 31 days from `from`, up to `to`, or up to and with `now`, unless both are told. */
export function timeRange(
  asked: { from?: Date | undefined; to?: Date | undefined },
  now: Date,
): { from: Date; to: Date } {
  const to =
    asked.to ??
    new Date(asked.from === undefined ? now.getTime() + 1 : later(asked.from, DEFAULT_DAYS));
  const from = asked.from ?? new Date(later(to, -DEFAULT_DAYS));
  if (from >= to) throw fail(400, "empty_range", "The time asked for ends before it begins.");
  if (to.getTime() > later(from, MAX_DAYS)) {
    throw fail(422, "range_too_long", `Ask for at most ${MAX_DAYS} days at a time.`, {
      maxRangeDays: MAX_DAYS,
    });
  }
  return { from, to };
}

function later(time: Date, days: number): number {
  return time.getTime() + days * DAY_MS;
}
