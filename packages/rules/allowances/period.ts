import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { monthsOf } from "@compute-credits/protocol/messages/period";
import type { AllowanceUsage } from "./allowance.ts";
import { addMonths, stepsSince } from "./calendar.ts";

/** The usage as of `now`: moved on to the current period, with what rolls over. */
export function renewed(
  message: AllowanceMessage,
  usage: AllowanceUsage,
  now: Date,
): AllowanceUsage {
  const index = periodIndexAt(message, now);
  // Time that runs backwards (a database restored on another machine) opens no second budget.
  if (index <= usage.periodIndex) return usage;

  const idlePeriods = index - usage.periodIndex - 1n;
  const unspent = message.limit + usage.carriedMicros - usage.periodSpentMicros;
  // Each idle period adds a whole limit; the rollover caps the sum, so one cap at the end is enough.
  const carriedMicros = least(message.rollover, unspent + idlePeriods * message.limit);
  return { ...usage, periodIndex: index, carriedMicros, periodSpentMicros: 0n };
}

/** What the period still allows. `usage` must be `renewed`. */
export function remainingInPeriod(message: AllowanceMessage, usage: AllowanceUsage): bigint {
  return message.limit + usage.carriedMicros - usage.periodSpentMicros;
}

export function secondsSince1970(time: Date): bigint {
  return BigInt(Math.floor(time.getTime() / 1000));
}

/** Periods since `startsAt`; 0 where there are none, or before it. */
export function periodIndexAt({ period, startsAt }: AllowanceMessage, now: Date): bigint {
  if (period === 0n) return 0n;
  const elapsed = secondsSince1970(now) - startsAt;
  if (elapsed < 0n) return 0n;
  const months = monthsOf(period);
  return months === null
    ? elapsed / period
    : BigInt(stepsSince(new Date(Number(startsAt) * 1000), now, months));
}

/** When a period begins, in seconds since 1970. */
export function periodStartsAt({ period, startsAt }: AllowanceMessage, index: bigint): bigint {
  const months = monthsOf(period);
  if (months === null || index === 0n) return startsAt + index * period;
  const start = addMonths(new Date(Number(startsAt) * 1000), Number(index) * months).getTime();
  // Further off than dates go: never, as far as anybody lives.
  return Number.isNaN(start) ? END_OF_TIME : BigInt(start) / 1000n;
}

const END_OF_TIME = 2n ** 64n;

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
