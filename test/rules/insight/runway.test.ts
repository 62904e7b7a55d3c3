import { expect } from "chai";
import * as fc from "fast-check";
import { maxUint64, numberToHex } from "viem";

import { type Account, available, emptyAccount } from "@compute-credits/rules/accounts/account";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { burnDownOrder } from "@compute-credits/rules/allowances/burnDownOrder";
import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";
import { burnMicrosPerHour } from "@compute-credits/rules/insight/burn";
import {
  HORIZON_SECONDS,
  type ReturningHold,
  type RunwayState,
  runway,
} from "@compute-credits/rules/insight/runway";
import { type AllowanceFields, allowanceOf } from "../../fixtures/allowances.ts";
import { party } from "../../fixtures/ledger.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

const START = 1_000_000;
const now = new Date(START * 1000);
const inSeconds = (seconds: number) => new Date((START + seconds) * 1000);
const at = (seconds: number) => BigInt(START + seconds);

function state(
  purchased: bigint,
  allowances: readonly AllowanceFields[],
  rest: { account?: Partial<Account>; holds?: readonly ReturningHold[] } = {},
): RunwayState {
  return {
    now,
    account: { ...emptyAccount(party(1)), purchased, ...rest.account },
    allowances: allowances.map((fields, n) =>
      allowanceOf({ id: numberToHex(n + 1, { size: 32 }), ...fields }),
    ),
    holds: rest.holds ?? [],
  };
}

/** A burn of so many micro-credits per second, over ten seconds. */
const burning = (perSecond: bigint) => ({ windowSeconds: 10n, spentMicros: 10n * perSecond });

const id = (n: number) => numberToHex(n, { size: 32 });

describe("runway", () => {
  context("when an unlimited allowance spends at a constant rate", () => {
    it("is the available credits divided by the rate, rounded down", () => {
      expect(runway(state(100n, [{}]), burning(7n))).to.deep.equal({ secondsToZero: 14n });
      expect(runway(state(98n, [{}]), burning(7n))).to.deep.equal({ secondsToZero: 14n });
      expect(runway(state(97n, [{}]), burning(7n))).to.deep.equal({ secondsToZero: 13n });
    });

    it("uses the exact fraction, not the displayed rate", () => {
      const burn = { windowSeconds: 86_400n, spentMicros: 1n };
      expect(burnMicrosPerHour(burn)).to.equal(0n);
      expect(runway(state(5n, [{}]), burn)).to.deep.equal({ secondsToZero: 432_000n });
    });

    it("excludes credits that are refunding or on hold", () => {
      const account = { refunding: 40n, held: 10n, spent: 20n };
      const hold = { allowance: id(1), heldMicros: 10n, heldAt: now, expiresAt: inSeconds(60) };
      expect(runway(state(100n, [{}], { account, holds: [hold] }), burning(1n))).to.deep.equal({
        secondsToZero: 30n,
      });
    });

    it("with nothing available: is zero", () => {
      expect(runway(state(0n, [{}]), burning(1n))).to.deep.equal({ secondsToZero: 0n });
    });
  });

  context("when credits are on hold", () => {
    const account = { held: 50n };
    const hold = { allowance: id(1), heldMicros: 50n, heldAt: now, expiresAt: inSeconds(20) };

    it("adds them when they return before the rest runs out", () => {
      const result = runway(state(100n, [{}], { account, holds: [hold] }), burning(2n));
      expect(result).to.deep.equal({ secondsToZero: 50n });
    });

    it("gives them to a waiting refund first", () => {
      const waiting = { ...account, refundWaiting: 30n };
      const result = runway(state(100n, [{}], { account: waiting, holds: [hold] }), burning(2n));
      expect(result).to.deep.equal({ secondsToZero: 35n });
    });
  });

  context("when allowances limit the spending", () => {
    it("without any spending: never reaches zero", () => {
      expect(runway(state(9n, [{}]), burning(0n))).to.deep.equal({
        secondsToZero: null,
        reason: "nothing_spent",
        reckonedSeconds: 0n,
        leftMicros: 9n,
      });
    });

    it("without an allowance now or later: never reaches zero", () => {
      const revoked = { revokedAt: now };
      const expired = { expiresAt: at(0) };
      const ofOldCounter = { counter: 3n };
      for (const fields of [revoked, expired, ofOldCounter, { limit: 0n, period: 1n }]) {
        expect(runway(state(9n, [fields]), burning(1n))).to.deep.equal({
          secondsToZero: null,
          reason: "nobody_may_spend",
          reckonedSeconds: 0n,
          leftMicros: 9n,
        });
      }
    });

    it("when the last allowance ends first: reports the time and the rest", () => {
      const result = runway(state(100n, [{ expiresAt: at(30) }]), burning(2n));
      expect(result).to.deep.equal({
        secondsToZero: null,
        reason: "allowances_end",
        reckonedSeconds: 30n,
        leftMicros: 40n,
      });
    });

    it("with an exhausted period: pauses until its renewal, and carries over at most the rollover", () => {
      // 10 per period of 100 s: spends for 5 s in each, and the third uses the last.
      const periodic = { limit: 10n, period: 100n, startsAt: at(0) };
      expect(runway(state(25n, [periodic]), burning(2n))).to.deep.equal({ secondsToZero: 202n });
      // Nothing could be spent for 400 s, of which 15 are carried over.
      const idle = { ...periodic, startsAt: at(-400), expiresAt: at(50), rollover: 15n };
      expect(runway(state(100n, [idle]), burning(1n))).to.deep.include({
        reason: "allowances_end",
        reckonedSeconds: 25n,
        leftMicros: 75n,
      });
    });

    it("stops at the account cap, against which held credits count", () => {
      const capped = { accountCap: 60n };
      const account = { spent: 20n, held: 10n };
      const hold = { allowance: id(1), heldMicros: 10n, heldAt: now, expiresAt: inSeconds(5) };
      const result = runway(state(200n, [capped], { account, holds: [hold] }), burning(1n));
      expect(result).to.deep.include({ reason: "allowances_end", leftMicros: 140n });
    });

    it("beyond the horizon: stops, and reports how far it got", () => {
      const trickle = { limit: 1n, period: 86_400n, startsAt: at(0) };
      const result = runway(state(1_000_000n, [trickle]), burning(1n));
      expect(result).to.have.property("reason", "beyond_horizon");
      expect("reckonedSeconds" in result && result.reckonedSeconds > HORIZON_SECONDS).to.equal(
        true,
      );
    });
  });

  context("with any state of the account", () => {
    it("equals spending second by second", () => {
      fc.assert(
        fc.property(arbitraryState, fc.bigInt({ min: 1n, max: 9n }), (some, perSecond) => {
          const reckoned = runway(some, burning(perSecond)).secondsToZero;
          const walked = walk(some, perSecond);
          if (walked !== null) expect(reckoned).to.equal(walked);
          else expect(reckoned === null || reckoned >= BigInt(WALKED_SECONDS)).to.equal(true);
        }),
        { numRuns: propertyRuns(1_000) },
      );
    });

    it("with more credits: is not shorter", () => {
      fc.assert(
        fc.property(arbitraryState, fc.bigInt({ min: 0n, max: 50n }), (some, more) => {
          const before = runway(some, burning(3n)).secondsToZero;
          const { account } = some;
          const richer = { ...some, account: { ...account, purchased: account.purchased + more } };
          const after = runway(richer, burning(3n)).secondsToZero;
          expect(after === null || (before !== null && after >= before)).to.equal(true);
        }),
      );
    });
  });
});

const WALKED_SECONDS = 120;

const small = (max: number, min = 0) => fc.bigInt({ min: BigInt(min), max: BigInt(max) });
const moment = fc.integer({ min: -60, max: 100 }).map(at);

const arbitraryAllowance: fc.Arbitrary<AllowanceFields> = fc.record({
  limit: fc.oneof(small(60), fc.constant(maxUint64)),
  period: fc.oneof(fc.constant(0n), small(40, 1)),
  rollover: small(50),
  startsAt: moment,
  expiresAt: fc.oneof(fc.constant(0n), moment),
  priority: fc.integer({ min: 0, max: 3 }),
  accountCap: fc.oneof(small(300), fc.constant(maxUint64)),
  counter: fc.constantFrom(0n, 0n, 0n, 1n),
});

const arbitraryState = fc
  .record({
    credits: small(400, 1),
    spent: small(50),
    refundWaiting: small(20),
    allowances: fc.array(arbitraryAllowance, { minLength: 1, maxLength: 4 }),
    holds: fc.array(
      fc.record({
        allowance: fc.integer({ min: 1, max: 4 }).map(id),
        heldMicros: small(40, 1),
        heldAt: fc.integer({ min: -50, max: 0 }).map(inSeconds),
        expiresAt: fc.integer({ min: -5, max: 100 }).map(inSeconds),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ credits, spent, refundWaiting, allowances, holds }) => {
    const held = holds.reduce((sum, { heldMicros }) => sum + heldMicros, 0n);
    const waiting = refundWaiting < held ? refundWaiting : held;
    const account = { spent, held, refundWaiting: waiting };
    return state(credits + spent + held, allowances, { account, holds });
  });

/**
 * The model: spends second by second with the ledger's rules for periods. Returns the second in
 * which the last credit is spent, or `null` if some are left after `WALKED_SECONDS`.
 */
function walk({ account, allowances, holds }: RunwayState, perSecond: bigint): bigint | null {
  let credits = available(account);
  let charged = account.spent + account.held;
  let waiting = account.refundWaiting;
  const usages = new Map(allowances.map((allowance) => [allowance.id, allowance.usage]));
  const usageOf = (allowance: Allowance, second: number) =>
    renewUsage(allowance.message, usages.get(allowance.id) ?? allowance.usage, inSeconds(second));

  for (let second = 0; second < WALKED_SECONDS; second++) {
    for (const { allowance: of, heldMicros, heldAt, expiresAt } of holds) {
      const returned = (expiresAt.getTime() - now.getTime()) / 1000;
      if (returned !== second && !(second === 0 && returned < 0)) continue;
      const toRefund = heldMicros < waiting ? heldMicros : waiting;
      waiting -= toRefund;
      credits += heldMicros - toRefund;
      charged -= heldMicros;
      const allowance = allowances.find(({ id: known }) => known === of);
      if (allowance === undefined) continue;
      const usage = usageOf(allowance, second);
      const { period, startsAt } = allowance.message;
      const sinceStart = BigInt(heldAt.getTime()) / 1000n - startsAt;
      const heldIn = period === 0n || sinceStart < 0n ? 0n : sinceStart / period;
      const periodSpentMicros = usage.periodSpentMicros - heldMicros;
      usages.set(of, heldIn === usage.periodIndex ? { ...usage, periodSpentMicros } : usage);
    }

    let wanted = perSecond;
    for (const allowance of allowances.toSorted(burnDownOrder)) {
      const { message } = allowance;
      if (message.counter !== account.counter || message.startsAt > at(second)) continue;
      if (message.expiresAt !== 0n && message.expiresAt <= at(second)) continue;
      const usage = usageOf(allowance, second);
      const rooms = [
        wanted,
        credits,
        remainingInPeriod(message, usage),
        message.accountCap - charged,
      ];
      const amount = rooms.reduce((a, b) => (b < a ? b : a));
      if (amount <= 0n) continue;
      usages.set(allowance.id, {
        ...usage,
        periodSpentMicros: usage.periodSpentMicros + amount,
      });
      credits -= amount;
      charged += amount;
      wanted -= amount;
    }
    // If a whole second spends exactly the rest, the credits reach zero at the next second.
    if (credits === 0n) return BigInt(second) + (wanted === 0n ? 1n : 0n);
  }
  return null;
}
