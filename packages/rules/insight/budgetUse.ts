import type { Allowance } from "../allowances/allowance.ts";
import {
  periodStartsAt,
  remainingInPeriod,
  renewUsage,
  secondsSince1970,
} from "../allowances/period.ts";
import { BPS } from "../pricing/rate.ts";
import { DAY_SECONDS } from "./burn.ts";

export type BudgetStatus = "in_force" | "not_started" | "expired" | "revoked" | "not_accepted";

/** The usage of an allowance in the current period. Times are seconds since 1970. */
export interface BudgetUse {
  readonly status: BudgetStatus;
  /** the limit plus what was carried over */
  readonly budgetMicros: bigint;
  /** spent or on hold */
  readonly usedMicros: bigint;
  readonly remainingMicros: bigint;
  /**
   * Rounds down: only the last micro-credit makes it 10,000. A budget of zero counts as used up.
   */
  readonly usedBps: bigint;
  /** `null` if the allowance has no periods */
  readonly periodStartsAt: bigint | null;
  /** when the budget renews or ends; `null` = never */
  readonly periodEndsAt: bigint | null;
  readonly exhaustion: Exhaustion;
}

/** The seconds until the budget is used up at the last 24 hours' rate. Rounds down. */
export type Exhaustion =
  | { readonly secondsToExhaustion: bigint }
  | {
      readonly secondsToExhaustion: null;
      readonly reason: "nothing_spent" | "ends_first" | "renewed_first" | "not_in_force";
    };

/**
 * Computes an allowance's budget use at `now`. `counter` is its account's counter on chain;
 * `spent24hMicros` is what it spent in the last 24 hours, `accepted` whether it counts at all.
 */
export function budgetUse(
  { message, usage: stored, revokedAt }: Allowance,
  {
    now,
    counter,
    spent24hMicros,
    accepted = true,
  }: { now: Date; counter: bigint; spent24hMicros: bigint; accepted?: boolean },
): BudgetUse {
  const seconds = secondsSince1970(now);
  const { startsAt, expiresAt, period, limit } = message;
  const usage = renewUsage(message, stored, now);
  const budgetMicros = limit + usage.carriedMicros;
  const remainingMicros = remainingInPeriod(message, usage);
  const renewal = period === 0n ? null : periodStartsAt(message, usage.periodIndex + 1n);
  const isLastPeriod = expiresAt !== 0n && (renewal === null || expiresAt <= renewal);
  const periodEndsAt = isLastPeriod ? expiresAt : renewal;

  const isVoid = revokedAt !== null || message.counter !== counter;
  const lasting = isVoid ? "revoked" : statusAt(seconds, { startsAt, expiresAt });
  const isOver = lasting === "revoked" || lasting === "expired";
  const status = accepted || isOver ? lasting : "not_accepted";
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
