import type { AllowanceMessage } from "../../../protocol/allowance.ts";

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
  return seconds < startsAt ? 0n : (seconds - startsAt) / period;
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
