import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { monthsOf } from "@compute-credits/protocol/messages/period";

/**
 * An allowance's budget in one period: what it carried over and what was used, in micro-credits.
 */
export interface Budget {
  readonly period: bigint;
  readonly carried: bigint;
  readonly used: bigint;
}

/** Returns the index of the period that contains `at`. Periods start at whole seconds. */
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

/**
 * Adds calendar months one by one, in Unix seconds. Falls back to the month's last day if it is too
 * short.
 */
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

/**
 * Advances a budget period by period up to `at`. Each period carries over what is left, at most the
 * rollover.
 */
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
