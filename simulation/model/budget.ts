import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { monthsOf } from "@compute-credits/protocol/messages/period";

/** Where a budget stands: which period, what came into it, what went out of it. */
export interface Budget {
  readonly period: bigint;
  readonly carried: bigint;
  readonly used: bigint;
}

/** The period that a moment lies in; periods are counted in whole seconds. */
export function periodOf({ period, startsAt }: AllowanceMessage, at: Date): bigint {
  if (period === 0n) return 0n;
  const seconds = BigInt(Math.floor(at.getTime() / 1000));
  if (seconds < startsAt) return 0n;
  const months = monthsOf(period);
  if (months === null) return (seconds - startsAt) / period;
  let count = 0n;
  while (monthsAfter(Number(startsAt), Number(count + 1n) * months) <= Number(seconds)) count++;
  return count;
}

/** Month by month; a day that the month does not have is its last. */
function monthsAfter(startSeconds: number, months: number): number {
  const start = new Date(startSeconds * 1000);
  const day = new Date(startSeconds * 1000);
  day.setUTCDate(1);
  for (let month = 0; month < months; month++) day.setUTCMonth(day.getUTCMonth() + 1);
  const first = day.getUTCMonth();
  day.setUTCDate(start.getUTCDate());
  while (day.getUTCMonth() !== first) day.setUTCDate(day.getUTCDate() - 1);
  return day.getTime() / 1000;
}

/** Turns the pages of a budget one by one up to a moment: what was left of each is carried on, up to the rollover. */
export function budgetAt<T extends Budget>(message: AllowanceMessage, budget: T, at: Date): T {
  const now = periodOf(message, at);
  let { period, carried, used } = budget;
  for (; period < now; period++) {
    const left = message.limit + carried - used;
    carried = left < message.rollover ? left : message.rollover;
    used = 0n;
  }
  return { ...budget, period, carried, used };
}
