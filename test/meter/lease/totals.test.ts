import { expect } from "chai";
import * as fc from "fast-check";

import type { Moment } from "../../../meter/clock.ts";
import { NOTHING_YET, type Total, advance } from "../../../meter/lease/totals.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

const SECOND = 1_000_000_000n;
const longestNs = 25n * SECOND;

const at = (seconds: bigint, clock = "boot 1"): Moment => ({ clock, ns: seconds * SECOND });
const reading = (value: bigint, epoch = "first") => ({ value, epoch });

/** The total and the flag after readings, one after the other. */
function after(
  kind: "counter" | "level",
  readings: readonly { reading: { value: bigint; epoch: string } | null; at: Moment }[],
) {
  let last = { total: NOTHING_YET, flag: null as string | null };
  for (const one of readings) last = advance(kind, last.total, { ...one, longestNs });
  return { amount: last.total.amount, flag: last.flag };
}

describe("the total of a counter", () => {
  it("begins at the first reading: what was before is not the lease's", () => {
    expect(after("counter", [{ reading: reading(7n), at: at(0n) }])).to.deep.equal({
      amount: 0n,
      flag: null,
    });
  });

  it("is what the counter grew by", () => {
    const readings = [
      { reading: reading(7n), at: at(0n) },
      { reading: reading(9n), at: at(10n) },
      { reading: reading(20n), at: at(20n) },
    ];
    expect(after("counter", readings)).to.deep.equal({ amount: 13n, flag: null });
  });

  it("has a new base after a reset, and guesses nothing", () => {
    for (const again of [reading(3n), reading(90n, "second")]) {
      const readings = [
        { reading: reading(7n), at: at(0n) },
        { reading: reading(17n), at: at(10n) },
        { reading: again, at: at(20n) },
      ];
      expect(after("counter", readings)).to.deep.equal({ amount: 10n, flag: "reset" });
    }
  });

  it("is exact over a gap, and over a time when it could not be read", () => {
    const readings = [
      { reading: reading(7n), at: at(0n) },
      { reading: null, at: at(10n) },
      { reading: reading(17n), at: at(40n) },
    ];
    expect(after("counter", readings)).to.deep.equal({ amount: 10n, flag: "gap" });
  });
});

describe("the total of a level", () => {
  it("is the lower of both ends for the time between them", () => {
    const readings = [
      { reading: reading(7n), at: at(0n) },
      { reading: reading(9n), at: at(10n) },
      { reading: reading(2n), at: at(20n) },
    ];
    expect(after("level", readings)).to.deep.equal({ amount: (70n + 20n) * SECOND, flag: null });
  });

  it("says so if it was not read for long", () => {
    const readings = [
      { reading: reading(7n), at: at(0n) },
      { reading: reading(9n), at: at(30n) },
    ];
    expect(after("level", readings)).to.deep.equal({ amount: 210n * SECOND, flag: "gap" });
  });

  it("has no time from before the machine started again, or from a later clock", () => {
    for (const then of [at(900n, "boot 2"), at(-5n)]) {
      const readings = [
        { reading: reading(7n), at: at(0n) },
        { reading: reading(9n), at: then },
      ];
      expect(after("level", readings)).to.deep.equal({ amount: 0n, flag: "reset" });
    }
  });
});

describe("any readings of a counter that restarts now and then", () => {
  it("add up to no more than was used, and to all of it without a restart", () => {
    const step = fc.record({
      used: fc.bigInt(0n, 1_000n),
      isRead: fc.boolean(),
      isRestarted: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let total: Total = NOTHING_YET;
        let [value, epoch, used, seconds] = [0n, 0, 0n, 0n];
        const read = () =>
          ({ total } = advance("counter", total, {
            reading: reading(value, `${epoch}`),
            at: at(seconds),
            longestNs,
          }));
        read();
        for (const { used: more, isRead, isRestarted } of steps) {
          if (isRestarted) [value, epoch] = [0n, epoch + 1];
          value += more;
          used += more;
          seconds += 10n;
          if (isRead) read();
        }
        read();
        expect(total.amount <= used).to.equal(true);
        if (!steps.some(({ isRestarted }) => isRestarted)) expect(total.amount).to.equal(used);
      }),
      { numRuns: propertyRuns(100) },
    );
  });
});
