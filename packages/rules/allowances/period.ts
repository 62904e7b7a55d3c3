import { min } from "@compute-credits/protocol/amounts";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import { monthsOf } from "@compute-credits/protocol/messages/period";
import type { AllowanceUsage } from "./allowance.ts";
import { addMonths, stepsSince } from "./calendar.ts";

/** Moves usage on to the period of `now`, carrying over at most `rollover` micro-credits. */
export function renewUsage(
  message: AllowanceMessage,
  usage: AllowanceUsage,
  now: Date,
): AllowanceUsage {
  const index = periodIndexAt(message, now);
  // A clock that runs backwards (a database restored on another machine) renews no budget.
  if (index <= usage.periodIndex) return usage;

  const idlePeriods = index - usage.periodIndex - 1n;
  const unspent = message.limit + usage.carriedMicros - usage.periodSpentMicros;
  // Each idle period adds a whole limit. The rollover caps the sum, so one cap at the end is
  // enough.
  const carriedMicros = min(message.rollover, unspent + idlePeriods * message.limit);
  return { ...usage, periodIndex: index, carriedMicros, periodSpentMicros: 0n };
}

/** The micro-credits left in the current period. Pass `usage` through `renewUsage` first. */
export function remainingInPeriod(message: AllowanceMessage, usage: AllowanceUsage): bigint {
  return message.limit + usage.carriedMicros - usage.periodSpentMicros;
}

/** Rounds down to a whole second. */
export function secondsSince1970(time: Date): bigint {
  return BigInt(Math.floor(time.getTime() / 1000));
}

/** The number of periods since `startsAt`; 0 before it, and for an allowance without periods. */
export function periodIndexAt({ period, startsAt }: AllowanceMessage, now: Date): bigint {
  if (period === 0n) return 0n;
  const elapsed = secondsSince1970(now) - startsAt;
  if (elapsed < 0n) return 0n;
  const months = monthsOf(period);
  return months === null
    ? elapsed / period
    : BigInt(stepsSince(new Date(Number(startsAt) * 1000), now, months));
}

/** The start of period `index` in seconds since 1970. */
export function periodStartsAt({ period, startsAt }: AllowanceMessage, index: bigint): bigint {
  const months = monthsOf(period);
  if (months === null || index === 0n) return startsAt + index * period;
  const start = addMonths(new Date(Number(startsAt) * 1000), Number(index) * months).getTime();
  // Beyond the range of `Date` (the year 275760).
  return Number.isNaN(start) ? END_OF_TIME : BigInt(start) / 1000n;
}

const END_OF_TIME = 2n ** 64n;
