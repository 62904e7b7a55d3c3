/**
 * Adds calendar months in UTC. Keeps the day and time of day, or takes the month's last day if the
 * month is too short. Callers count from the first start, so that the 31st returns after February.
 */
export function addMonths(start: Date, months: number): Date {
  const month = start.getUTCMonth() + months;
  const lastDay = new Date(Date.UTC(start.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const day = Math.min(start.getUTCDate(), lastDay);
  const timeOfDay = start.getTime() - startOfDay(start);
  return new Date(Date.UTC(start.getUTCFullYear(), month, day) + timeOfDay);
}

/** The number of whole steps of `step` months from `start` to `now`; 0 before `start`. */
export function stepsSince(start: Date, now: Date, step: number): number {
  if (now < start) return 0;
  const months =
    (now.getUTCFullYear() - start.getUTCFullYear()) * 12 + now.getUTCMonth() - start.getUTCMonth();
  const steps = Math.floor(months / step);
  // In the month of the next step, but before its day and time: that step is not complete.
  return steps > 0 && addMonths(start, steps * step) > now ? steps - 1 : steps;
}

function startOfDay(time: Date): number {
  return Date.UTC(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate());
}
