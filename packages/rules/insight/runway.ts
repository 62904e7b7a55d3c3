import type { Hex } from "viem";

import { type Account, available } from "../accounts/account.ts";
import type { Allowance } from "../allowances/allowance.ts";
import { burnDownOrder } from "../allowances/burnDownOrder.ts";
import {
  periodIndexAt,
  periodStartsAt,
  remainingInPeriod,
  renewed,
  secondsSince1970,
} from "../allowances/period.ts";
import type { Burn } from "./burn.ts";

/** A part of a hold, which comes back at the hold's end unless it is captured. */
export interface ReturningHold {
  readonly allowance: Hex;
  readonly heldMicros: bigint;
  readonly heldAt: Date;
  readonly expiresAt: Date;
}

/** All that bounds an account's spending from `now` on. */
export interface RunwayState {
  readonly now: Date;
  readonly account: Account;
  readonly allowances: readonly Allowance[];
  readonly holds: readonly ReturningHold[];
}

export type Runway =
  /** Rounds down: credits are never promised for longer than they last. */
  | { readonly secondsToZero: bigint }
  | {
      readonly secondsToZero: null;
      readonly reason:
        /** nothing was spent in the window */
        | "nothing_spent"
        /** no allowance lets anyone spend, now or later */
        | "nobody_may_spend"
        /** the allowances are used up, or over, before the credits are */
        | "allowances_end"
        /** they last as far as it was reckoned, which is `reckonedSeconds` */
        | "beyond_horizon";
      readonly reckonedSeconds: bigint;
      /** available then; rounds down */
      readonly leftMicros: bigint;
    };

/** Ten years: nobody's burn rate holds that long. */
export const HORIZON_SECONDS = 315_576_000n;

/** Allowances times moments that are looked at: renewals of many short periods end the reckoning early. */
const MAX_VISITS = 500_000;

/**
 * When the account's available credits are first zero, if it is spent at `burn` as long as its allowances let anyone.
 *
 * Spending goes on at the constant rate from allowance to allowance in burn-down order; where none has room it rests until
 * one begins or is renewed. What is on hold comes back whole at the hold's end, first of all to a refund that waits for
 * it. Any allowance is taken as good for everything that is spent: a scope could only make it last longer.
 */
export function runway(state: RunwayState, burn: Burn): Runway {
  const { account } = state;
  if (available(account) <= 0n) return { secondsToZero: 0n };
  if (burn.spentMicros === 0n) {
    return lasts("nothing_spent", 0n, available(account));
  }

  const course = new Course(state, burn);
  let visits = 0;
  for (;;) {
    const zeroAt = course.goOn();
    if (zeroAt !== null) return { secondsToZero: zeroAt };
    if (course.isOver) {
      const reason = course.hasSpent ? "allowances_end" : "nobody_may_spend";
      return lasts(reason, course.lastSpentAt, course.leftMicros);
    }
    visits += state.allowances.length + 1;
    if (course.elapsed > HORIZON_SECONDS || visits > MAX_VISITS) {
      return lasts("beyond_horizon", course.elapsed, course.leftMicros);
    }
  }
}

type Lasting = Extract<Runway, { secondsToZero: null }>;

function lasts(reason: Lasting["reason"], reckonedSeconds: bigint, leftMicros: bigint): Lasting {
  return { secondsToZero: null, reason, reckonedSeconds, leftMicros };
}

/** An allowance on its way through time. */
interface Purse {
  readonly allowance: Allowance;
  periodIndex: bigint;
  /** what the period still allows, scaled */
  room: bigint;
}

/**
 * The account's way from now on, moment by moment: from one change of what may be spent to the next. Amounts are scaled by
 * the window's seconds, so that a second's spending is the whole number `spentMicros` and nothing is rounded on the way.
 */
class Course {
  readonly #scale: bigint;
  readonly #perSecond: bigint;
  readonly #start: bigint;
  readonly #purses: readonly Purse[];
  readonly #holds: ReturningHold[];
  #credits: bigint;
  /** spent and held: what caps are measured by */
  #charged: bigint;
  #refundWaiting: bigint;
  elapsed = 0n;
  lastSpentAt = 0n;
  hasSpent = false;
  isOver = false;

  constructor({ now, account, allowances, holds }: RunwayState, burn: Burn) {
    this.#scale = burn.windowSeconds;
    this.#perSecond = burn.spentMicros;
    this.#start = secondsSince1970(now);
    this.#purses = allowances
      .filter(({ message, revokedAt }) => revokedAt === null && message.counter === account.counter)
      .toSorted(burnDownOrder)
      .map((allowance) => {
        const usage = renewed(allowance.message, allowance.usage, now);
        const room = remainingInPeriod(allowance.message, usage) * this.#scale;
        return { allowance, periodIndex: usage.periodIndex, room };
      });
    this.#holds = holds.toSorted((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime());
    this.#credits = available(account) * this.#scale;
    this.#charged = (account.spent + account.held) * this.#scale;
    this.#refundWaiting = account.refundWaiting * this.#scale;
  }

  get leftMicros(): bigint {
    return this.#credits / this.#scale;
  }

  /** Goes to the next change. The second in which the credits are used up, or `null`. */
  goOn(): bigint | null {
    this.#renew();
    this.#takeBackHolds();
    const next = this.#nextChange();
    const credits = this.#credits;
    const wanted =
      next === null ? credits : least(credits, (next - this.elapsed) * this.#perSecond);
    const spent = this.#spend(wanted);
    if (spent > 0n) {
      this.hasSpent = true;
      this.lastSpentAt = this.elapsed + spent / this.#perSecond;
    }
    if (spent === credits) return this.lastSpentAt;

    if (next === null) this.isOver = true;
    else this.elapsed = next;
    return null;
  }

  #spend(wanted: bigint): bigint {
    let missing = wanted;
    for (const purse of this.#purses) {
      if (missing === 0n) break;
      if (!this.#isInForce(purse)) continue;
      const underCap = purse.allowance.message.accountCap * this.#scale - this.#charged;
      const amount = least(missing, least(purse.room, underCap));
      if (amount <= 0n) continue;
      purse.room -= amount;
      this.#charged += amount;
      this.#credits -= amount;
      missing -= amount;
    }
    return wanted - missing;
  }

  /** For good: neither a renewal nor a hold that comes back will let it pay again. */
  #isUsedUp({ room, allowance: { message } }: Purse): boolean {
    if (this.#holds.length > 0) return false;
    const isRenewed = message.period > 0n && message.limit > 0n;
    return (room <= 0n && !isRenewed) || message.accountCap * this.#scale <= this.#charged;
  }

  #isInForce({ allowance: { message } }: Purse): boolean {
    const now = this.#start + this.elapsed;
    return message.startsAt <= now && (message.expiresAt === 0n || now < message.expiresAt);
  }

  /** As `renewed`, on what is left instead of what was used. */
  #renew(): void {
    for (const purse of this.#purses) {
      const { message } = purse.allowance;
      const index = this.#periodIndex(purse, this.#start + this.elapsed);
      if (index <= purse.periodIndex) continue;
      const idlePeriods = index - purse.periodIndex - 1n;
      const unspent = purse.room + idlePeriods * message.limit * this.#scale;
      purse.room = message.limit * this.#scale + least(message.rollover * this.#scale, unspent);
      purse.periodIndex = index;
    }
  }

  #takeBackHolds(): void {
    for (let hold = this.#holds[0]; hold !== undefined; hold = this.#holds[0]) {
      if (this.#returnsAt(hold) > this.elapsed) return;
      this.#holds.shift();
      const amount = hold.heldMicros * this.#scale;
      const toRefund = least(amount, this.#refundWaiting);
      this.#refundWaiting -= toRefund;
      this.#credits += amount - toRefund;
      this.#charged -= amount;
      const purse = this.#purses.find(({ allowance }) => allowance.id === hold.allowance);
      // As the ledger does: a period that is over gets nothing back.
      if (
        purse !== undefined &&
        this.#periodIndex(purse, secondsSince1970(hold.heldAt)) === purse.periodIndex
      )
        purse.room += amount;
    }
  }

  /** Rounds up: nothing comes back early. One that is over already is as good as back. */
  #returnsAt({ expiresAt }: ReturningHold): bigint {
    const seconds = BigInt(Math.ceil(expiresAt.getTime() / 1000)) - this.#start;
    return seconds < 0n ? 0n : seconds;
  }

  #periodIndex({ allowance: { message } }: Purse, seconds: bigint): bigint {
    return periodIndexAt(message, new Date(Number(seconds) * 1000));
  }

  /** Seconds from the start to the next moment at which more, or less, may be spent; `null` where nothing changes any more. */
  #nextChange(): bigint | null {
    const now = this.#start + this.elapsed;
    const moments: bigint[] = [];
    for (const purse of this.#purses) {
      const { startsAt, expiresAt, period } = purse.allowance.message;
      if ((expiresAt !== 0n && expiresAt <= now) || this.#isUsedUp(purse)) continue;
      if (startsAt > now) {
        moments.push(startsAt);
        continue;
      }
      if (expiresAt !== 0n) moments.push(expiresAt);
      if (period > 0n)
        moments.push(periodStartsAt(purse.allowance.message, purse.periodIndex + 1n));
    }
    const hold = this.#holds[0];
    if (hold !== undefined) moments.push(this.#start + this.#returnsAt(hold));
    const [first, ...rest] = moments;
    return first === undefined ? null : rest.reduce(least, first) - this.#start;
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
