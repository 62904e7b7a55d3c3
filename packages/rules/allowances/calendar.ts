/**
 * So many months later in UTC, on the same day of the month at the same time of day; where that month is too short, on its
 * last day. Always counted from the first start, so that a 31st comes back after a February.
 */
export function addMonths(start: Date, months: number): Date {
  const month = start.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(start.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const day = Math.min(start.getUTCDate(), lastDay);
  const timeOfDay = start.getTime() - startOfDay(start);
  return new Date(Date.UTC(start.getUTCFullYear(), month, day) + timeOfDay);
}

/** How often `step` months, one step after the other, have gone by since `start`; 0 before it. */
export function stepsSince(start: Date, now: Date, step: number): number {
  if (now < start) return 0;
  const months =
    (now.getUTCFullYear() - start.getUTCFullYear()) * 12 + now.getUTCMonth() - start.getUTCMonth();
  const steps = Math.floor(months / step);
  // In the month of a renewal, before its day and time.
  return steps > 0 && addMonths(start, steps * step) > now ? steps - 1 : steps;
}

function startOfDay(time: Date): number {
  return Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate());
}
