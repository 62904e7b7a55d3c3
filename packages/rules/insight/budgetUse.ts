import type { Allowance } from "../allowances/allowance.ts";
import {
  periodStartsAt,
  remainingInPeriod,
  renewed,
  secondsSince1970,
} from "../allowances/period.ts";
import { DAY_SECONDS } from "./burn.ts";

export type BudgetStatus = "in_force" | "not_started" | "expired" | "revoked";

/** How far an allowance is used, in the period that `now` is in. Times are seconds since 1970, as in the allowance. */
export interface BudgetUse {
  readonly status: BudgetStatus;
  /** the period's limit, with what was carried over */
  readonly budgetMicros: bigint;
  /** spent, and on hold */
  readonly usedMicros: bigint;
  readonly remainingMicros: bigint;
  /** Rounds down: 10,000 is reached only by the last micro-credit. A budget of nothing is used up. */
  readonly usedBps: bigint;
  /** `null` where there are no periods */
  readonly periodStartsAt: bigint | null;
  /** when it is renewed, or over; `null` for never */
  readonly periodEndsAt: bigint | null;
  readonly exhaustion: Exhaustion;
}

/** When the budget is used up at the rate of the last 24 hours. Rounds down: never later than it is. */
export type Exhaustion =
  | { readonly secondsToExhaustion: bigint }
  | {
      readonly secondsToExhaustion: null;
      readonly reason: "nothing_spent" | "ends_first" | "renewed_first" | "not_in_force";
    };

export function budgetUse(
  { message, usage: stored, revokedAt }: Allowance,
  { now, counter, spent24hMicros }: { now: Date; counter: bigint; spent24hMicros: bigint },
): BudgetUse {
  const seconds = secondsSince1970(now);
  const { startsAt, expiresAt, period, limit } = message;
  const usage = renewed(message, stored, now);
  const budgetMicros = limit + usage.carriedMicros;
  const remainingMicros = remainingInPeriod(message, usage);
  const renewal = period === 0n ? null : periodStartsAt(message, usage.periodIndex + 1n);
  const isLastPeriod = expiresAt !== 0n && (renewal === null || expiresAt <= renewal);
  const periodEndsAt = isLastPeriod ? expiresAt : renewal;

  const isVoid = revokedAt !== null || message.counter !== counter;
  const status = isVoid ? "revoked" : statusAt(seconds, { startsAt, expiresAt });
  return {
    status,
    budgetMicros,
    usedMicros: usage.periodSpentMicros,
    remainingMicros,
    usedBps: budgetMicros === 0n ? BPS : (usage.periodSpentMicros * BPS) / budgetMicros,
    periodStartsAt: period === 0n ? null : periodStartsAt(message, usage.periodIndex),
    periodEndsAt,
    exhaustion: exhaustion(),
  };

  function exhaustion(): Exhaustion {
    if (status !== "in_force") return never("not_in_force");
    if (remainingMicros === 0n) return { secondsToExhaustion: 0n };
    if (spent24hMicros === 0n) return never("nothing_spent");
    const secondsToExhaustion = (remainingMicros * DAY_SECONDS) / spent24hMicros;
    if (periodEndsAt !== null && seconds + secondsToExhaustion >= periodEndsAt) {
      return never(isLastPeriod ? "ends_first" : "renewed_first");
    }
    return { secondsToExhaustion };
  }
}

function never(reason: Extract<Exhaustion, { reason: string }>["reason"]): Exhaustion {
  return { secondsToExhaustion: null, reason };
}

function statusAt(
  seconds: bigint,
  { startsAt, expiresAt }: { startsAt: bigint; expiresAt: bigint },
): BudgetStatus {
  if (expiresAt !== 0n && expiresAt <= seconds) return "expired";
  return startsAt > seconds ? "not_started" : "in_force";
}

/** Basis points in one. */
const BPS = 10_000n;
