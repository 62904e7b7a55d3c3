import { expect } from "chai";
import * as fc from "fast-check";
import { maxUint64 } from "viem";

import { calendarMonths, monthsOf } from "@compute-credits/protocol/messages/period";
import { NO_USAGE } from "@compute-credits/rules/allowances/allowance";
import { addMonths, stepsSince } from "@compute-credits/rules/allowances/calendar";
import {
  periodIndexAt,
  periodStartsAt,
  renewUsage,
} from "@compute-credits/rules/allowances/period";
import { budgetUse } from "@compute-credits/rules/insight/budgetUse";
import { allowanceOf } from "../../fixtures/allowances.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

const anyTime = fc
  .date({ min: new Date("1970-01-01"), max: new Date("2200-01-01"), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
const anyStep = fc.integer({ min: 1, max: 30 });

const seconds = (iso: string) => BigInt(Date.parse(iso)) / 1000n;

describe("a period of calendar months", () => {
  it("begins on the start's day and time in UTC, or on the last day of a shorter month", () => {
    const message = {
      ...allowanceOf().message,
      period: calendarMonths(1),
      startsAt: seconds("2026-01-31T15:30:00Z"),
    };
    const starts = [0n, 1n, 2n, 3n, 13n, 25n].map((index) =>
      new Date(Number(periodStartsAt(message, index)) * 1000).toISOString().slice(0, 16),
    );
    expect(starts).to.deep.equal([
      "2026-01-31T15:30",
      "2026-02-28T15:30",
      "2026-03-31T15:30",
      "2026-04-30T15:30",
      "2027-02-28T15:30",
      "2028-02-29T15:30",
    ]);
  });

  it("without startsAt: is the calendar month", () => {
    const message = { ...allowanceOf().message, period: calendarMonths(1) };
    const index = (iso: string) => periodIndexAt(message, new Date(iso));
    expect(index("2026-11-30T23:59:59.999Z")).to.equal(56n * 12n + 10n);
    expect(index("2026-12-01T00:00:00.000Z")).to.equal(56n * 12n + 11n);
    const quarter = { ...message, period: calendarMonths(3) };
    expect(periodStartsAt(quarter, periodIndexAt(quarter, new Date("2026-11-22")))).to.equal(
      seconds("2026-10-01T00:00:00Z"),
    );
  });

  it("contains exactly the times from its start to the next start", () => {
    fc.assert(
      fc.property(anyTime, anyTime, anyStep, (start, now, step) => {
        const startsAt = BigInt(start.getTime()) / 1000n;
        const message = { ...allowanceOf().message, period: calendarMonths(step), startsAt };
        const index = periodIndexAt(message, now);
        const nowSeconds = BigInt(now.getTime()) / 1000n;
        if (now < start) expect(index).to.equal(0n);
        else expect(periodStartsAt(message, index) <= nowSeconds).to.equal(true);
        expect(periodStartsAt(message, index + 1n) > nowSeconds).to.equal(true);
        expect(periodStartsAt(message, index + 1n) > periodStartsAt(message, index)).to.equal(true);
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it("equals counting month by month", () => {
    fc.assert(
      fc.property(anyTime, fc.nat(60), anyStep, (start, months, step) => {
        const now = addMonths(start, months);
        let steps = 0;
        while (addMonths(start, (steps + 1) * step) <= now) steps++;
        expect(stepsSince(start, now, step)).to.equal(steps);
        expect(now.getUTCMonth()).to.equal((start.getUTCMonth() + months) % 12);
        expect(now.getUTCDate()).to.be.at.most(start.getUTCDate());
      }),
    );
  });

  it("renews the limit and carries the rest over", () => {
    const terms = { limit: 100n, rollover: 30n, period: calendarMonths(1) };
    const { message } = allowanceOf({ ...terms, startsAt: seconds("2026-01-01T00:00:00Z") });
    const january = renewUsage(message, NO_USAGE, new Date("2026-01-15"));
    const used = { ...january, periodSpentMicros: 80n };
    expect(renewUsage(message, used, new Date("2026-01-31T23:59:59Z"))).to.deep.equal(used);
    const february = renewUsage(message, used, new Date("2026-02-01"));
    expect(february).to.deep.include({ carriedMicros: 20n, periodSpentMicros: 0n });
    // Two idle months give two whole limits, and the rollover caps them.
    const may = renewUsage(
      message,
      { ...february, periodSpentMicros: 120n },
      new Date("2026-05-01"),
    );
    expect(may.carriedMicros).to.equal(30n);
  });

  it("never equals a period in seconds", () => {
    expect(monthsOf(calendarMonths(1))).to.equal(1);
    expect(monthsOf(calendarMonths(1_200))).to.equal(1_200);
    for (const period of [0n, 1n, 2n ** 63n, 2n ** 63n + 1_201n, maxUint64]) {
      expect(monthsOf(period)).to.equal(null);
    }
    for (const months of [0, -1, 1.5, 1_201, Number.NaN]) {
      expect(() => calendarMonths(months)).to.throw(RangeError);
    }
  });

  it("with a start in the far future: does not throw", () => {
    for (const startsAt of [maxUint64, 8_640_000_000_000n, 8_639_999_999_999n]) {
      const allowance = allowanceOf({ period: calendarMonths(1_200), startsAt });
      const facts = { now: new Date("2026-11-22"), counter: 0n, spent24hMicros: 1n };
      expect(budgetUse(allowance, facts).status).to.equal("not_started");
    }
  });
});
