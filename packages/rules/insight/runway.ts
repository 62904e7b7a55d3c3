import type { Hex } from "viem";

import { min } from "@compute-credits/protocol/amounts";
import { type Account, available } from "../accounts/account.ts";
import type { Allowance } from "../allowances/allowance.ts";
import { burnDownOrder } from "../allowances/burnDownOrder.ts";
import {
  periodIndexAt,
  periodStartsAt,
  remainingInPeriod,
  renewUsage,
  secondsSince1970,
} from "../allowances/period.ts";
import type { Burn } from "./burn.ts";

/** A part of a hold. Its credits return when the hold expires, unless they are captured. */
export interface ReturningHold {
  readonly allowance: Hex;
  readonly heldMicros: bigint;
  readonly heldAt: Date;
  readonly expiresAt: Date;
}

/** The state that limits an account's spending from `now` on. */
export interface RunwayState {
  readonly now: Date;
  readonly account: Account;
  readonly allowances: readonly Allowance[];
  readonly holds: readonly ReturningHold[];
}

export type Runway =
  /** Rounds down, so that the credits last at least this long. */
  | { readonly secondsToZero: bigint }
  | {
      readonly secondsToZero: null;
      readonly reason:
        /** the account spent nothing in the window */
        | "nothing_spent"
        /** no allowance permits spending, now or later */
        | "nobody_may_spend"
        /** the allowances end or run out before the credits do */
        | "allowances_end"
        /** the credits last longer than the simulated `reckonedSeconds` */
        | "beyond_horizon";
      readonly reckonedSeconds: bigint;
      /** available at that time, rounded down */
      readonly leftMicros: bigint;
    };

/** Ten years. A forecast from a recent burn rate means nothing beyond that. */
export const HORIZON_SECONDS = 315_576_000n;

/** Bound on allowances times steps, because many short periods would make the simulation long. */
const MAX_VISITS = 500_000;

/**
 * Computes when the available credits reach zero if spending continues at `burn` within the
 * account's allowances, in burn-down order. Spending pauses while no allowance has room. Holds
 * return in full at their expiry, first to a waiting refund. Scopes are ignored: they could only
 * lengthen the runway.
 */
export function runway(state: RunwayState, burn: Burn): Runway {
  const { account } = state;
  if (available(account) <= 0n) return { secondsToZero: 0n };
  if (burn.spentMicros === 0n) {
    return lasts("nothing_spent", 0n, available(account));
  }

  const simulation = new SpendingSimulation(state, burn);
  let visits = 0;
  for (;;) {
    const zeroAt = simulation.advance();
    if (zeroAt !== null) return { secondsToZero: zeroAt };
    if (simulation.isOver) {
      const reason = simulation.hasSpent ? "allowances_end" : "nobody_may_spend";
      return lasts(reason, simulation.lastSpentAt, simulation.leftMicros);
    }
    visits += state.allowances.length + 1;
    if (simulation.elapsed > HORIZON_SECONDS || visits > MAX_VISITS) {
      return lasts("beyond_horizon", simulation.elapsed, simulation.leftMicros);
    }
  }
}

type Lasting = Extract<Runway, { secondsToZero: null }>;

function lasts(reason: Lasting["reason"], reckonedSeconds: bigint, leftMicros: bigint): Lasting {
  return { secondsToZero: null, reason, reckonedSeconds, leftMicros };
}

/** An allowance with its state at the simulated time. */
interface SimulatedAllowance {
  readonly allowance: Allowance;
  periodIndex: bigint;
  /** left in the period, in scaled micro-credits */
  room: bigint;
}

/**
 * Simulates spending from one change of the limits to the next. Amounts are multiplied by the
 * window's seconds, so that one second spends exactly `spentMicros` and nothing is rounded.
 */
class SpendingSimulation {
  readonly #scale: bigint;
  readonly #perSecond: bigint;
  readonly #start: bigint;
  readonly #allowances: readonly SimulatedAllowance[];
  readonly #recordedCap: bigint;
  readonly #holds: ReturningHold[];
  #credits: bigint;
  /** spent + held, which account caps limit */
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
    this.#allowances = allowances
      .filter(({ message, revokedAt }) => revokedAt === null && message.counter === account.counter)
      .toSorted(burnDownOrder)
      .map((allowance) => {
        const usage = renewUsage(allowance.message, allowance.usage, now);
        const room = remainingInPeriod(allowance.message, usage) * this.#scale;
        return { allowance, periodIndex: usage.periodIndex, room };
      });
    this.#holds = holds.toSorted((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime());
    this.#credits = available(account) * this.#scale;
    this.#recordedCap = account.recordedCap;
    this.#charged = (account.spent + account.held) * this.#scale;
    this.#refundWaiting = account.refundWaiting * this.#scale;
  }

  get leftMicros(): bigint {
    return this.#credits / this.#scale;
  }

  /** Advances to the next change. Returns the second in which the credits run out, or `null`. */
  advance(): bigint | null {
    this.#renew();
    this.#returnHolds();
    const next = this.#nextChange();
    const credits = this.#credits;
    const wanted = next === null ? credits : min(credits, (next - this.elapsed) * this.#perSecond);
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
    for (const simulated of this.#allowances) {
      if (missing === 0n) break;
      if (!this.#isInForce(simulated)) continue;
      const underCap = this.#capOf(simulated) * this.#scale - this.#charged;
      const amount = min(missing, min(simulated.room, underCap));
      if (amount <= 0n) continue;
      simulated.room -= amount;
      this.#charged += amount;
      this.#credits -= amount;
      missing -= amount;
    }
    return wanted - missing;
  }

  /** Whether the allowance can never pay again: no renewal or returning hold is to come. */
  #isUsedUp(simulated: SimulatedAllowance): boolean {
    const { room, allowance } = simulated;
    const { message } = allowance;
    if (this.#holds.length > 0) return false;
    const isRenewed = message.period > 0n && message.limit > 0n;
    return (room <= 0n && !isRenewed) || this.#capOf(simulated) * this.#scale <= this.#charged;
  }

  /** No recording to come is foreseen, as no purchase is. */
  #capOf({ allowance: { message, byContract } }: SimulatedAllowance): bigint {
    return byContract ? min(message.accountCap, this.#recordedCap) : message.accountCap;
  }

  #isInForce({ allowance: { message } }: SimulatedAllowance): boolean {
    const now = this.#start + this.elapsed;
    return message.startsAt <= now && (message.expiresAt === 0n || now < message.expiresAt);
  }

  /** Like `renewUsage`, but on the amount left instead of the amount used. */
  #renew(): void {
    for (const simulated of this.#allowances) {
      const { message } = simulated.allowance;
      const index = this.#periodIndex(simulated, this.#start + this.elapsed);
      if (index <= simulated.periodIndex) continue;
      const idlePeriods = index - simulated.periodIndex - 1n;
      const unspent = simulated.room + idlePeriods * message.limit * this.#scale;
      simulated.room = message.limit * this.#scale + min(message.rollover * this.#scale, unspent);
      simulated.periodIndex = index;
    }
  }

  #returnHolds(): void {
    for (let hold = this.#holds[0]; hold !== undefined; hold = this.#holds[0]) {
      if (this.#returnsAt(hold) > this.elapsed) return;
      this.#holds.shift();
      const amount = hold.heldMicros * this.#scale;
      const toRefund = min(amount, this.#refundWaiting);
      this.#refundWaiting -= toRefund;
      this.#credits += amount - toRefund;
      this.#charged -= amount;
      const simulated = this.#allowances.find(({ allowance }) => allowance.id === hold.allowance);
      // As in the ledger, a period that has ended gets nothing back.
      if (
        simulated !== undefined &&
        this.#periodIndex(simulated, secondsSince1970(hold.heldAt)) === simulated.periodIndex
      )
        simulated.room += amount;
    }
  }

  /** The second in which a hold returns, rounded up; 0 if it has expired already. */
  #returnsAt({ expiresAt }: ReturningHold): bigint {
    const seconds = BigInt(Math.ceil(expiresAt.getTime() / 1000)) - this.#start;
    return seconds < 0n ? 0n : seconds;
  }

  #periodIndex({ allowance: { message } }: SimulatedAllowance, seconds: bigint): bigint {
    return periodIndexAt(message, new Date(Number(seconds) * 1000));
  }

  /** Seconds from the start to the next change of the limits; `null` if none is to come. */
  #nextChange(): bigint | null {
    const now = this.#start + this.elapsed;
    const moments: bigint[] = [];
    for (const simulated of this.#allowances) {
      const { startsAt, expiresAt, period } = simulated.allowance.message;
      if ((expiresAt !== 0n && expiresAt <= now) || this.#isUsedUp(simulated)) continue;
      if (startsAt > now) {
        moments.push(startsAt);
        continue;
      }
      if (expiresAt !== 0n) moments.push(expiresAt);
      if (period > 0n)
        moments.push(periodStartsAt(simulated.allowance.message, simulated.periodIndex + 1n));
    }
    const hold = this.#holds[0];
    if (hold !== undefined) moments.push(this.#start + this.#returnsAt(hold));
    const [first, ...rest] = moments;
    return first === undefined ? null : rest.reduce(min, first) - this.#start;
  }
}
