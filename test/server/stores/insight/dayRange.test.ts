import { expect } from "chai";
import * as fc from "fast-check";

import { wholeDays } from "../../../../server/stores/insight/dayRange.ts";

const DAY_MS = 86_400_000;
const HALF_DAY_MS = DAY_MS / 2;
const anyTime = fc.date({
  min: new Date("2026-01-01"),
  max: new Date("2026-01-06"),
  noInvalidDate: true,
});

const counts = (time: number, { from, to }: { from: Date; to: Date }) =>
  time >= from.getTime() && time < to.getTime() ? 1 : 0;

describe("wholeDays", () => {
  it("counts each instant of the range once, and no other", () => {
    fc.assert(
      fc.property(anyTime, anyTime, anyTime, (from, to, time) => {
        const days = wholeDays(from, to);
        if (days === null) return;
        const instants = [time, from, to, days.from, days.to].flatMap((each) =>
          [-1, 0, 1].map((ms) => each.getTime() + ms),
        );
        for (const instant of instants) {
          const edges = days.edges.map((edge) => edge.sign * counts(instant, edge));
          const counted = edges.reduce((sum, count) => sum + count, counts(instant, days));
          expect(counted).to.equal(counts(instant, { from, to }));
        }
        for (const edge of days.edges) {
          expect(edge.to.getTime() - edge.from.getTime()).to.be.within(1, HALF_DAY_MS);
        }
        expect([days.from, days.to].map((day) => day.getTime() % DAY_MS)).to.deep.equal([0, 0]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("has no edge for midnights, and no days for a short range", () => {
    const [from, to] = [new Date("2026-01-01"), new Date("2026-01-03")];
    expect(wholeDays(from, to)).to.deep.equal({ from, to, edges: [] });
    expect(wholeDays(new Date("2026-01-01T01:00Z"), new Date("2026-01-01T11:00Z"))).to.equal(null);
  });

  it("ends with the last day that has four digits of a year", () => {
    const to = new Date("9999-12-31T23:59:59.999Z");
    const days = wholeDays(new Date("9999-12-01"), to);
    const last = new Date("9999-12-31");
    expect(days?.to).to.deep.equal(last);
    expect(days?.edges).to.deep.equal([{ from: last, to, sign: 1 }]);
  });
});
