import { expect } from "chai";
import * as fc from "fast-check";

import {
  MAX_ID_CHARACTERS,
  boundedSnapshot,
  covers,
  isAheadOf,
  parsePosition,
  positionText,
  windowText,
} from "../../../../server/stores/live/livePosition.ts";
import { propertyRuns } from "../../../fixtures/effort.ts";

const sent = { balance: "abcd-_12", refund: "" };

/** A snapshot as PostgreSQL prints it: the oldest running transaction is its start. */
const anySnapshot = fc
  .record({
    first: fc.bigInt({ min: 3n, max: 10n ** 15n }),
    running: fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 150 }),
  })
  .map(({ first, running }) => {
    if (running.length === 0) return `${first}:${first}:`;
    const list = [0, ...running.toSorted((a, b) => a - b)].map((one) => first + BigInt(one));
    return `${first}:${(list.at(-1) ?? first) + 1n}:${list.join(",")}`;
  });

describe("positions of live streams", () => {
  it("are read as they were written, and fit into a header", () => {
    fc.assert(
      fc.property(
        anySnapshot,
        fc.option(anySnapshot),
        fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
        fc.constantFrom("0", "10000", `3${"f".repeat(16)}`),
        (from, to, order, rank) => {
          const since = boundedSnapshot(from);
          const upTo = to === null ? null : boundedSnapshot(to);
          const text = positionText(windowText(since, upTo), { order, rank, sent });
          expect(text).to.match(/^[\w~-]+$/);
          expect(text.length).to.be.at.most(MAX_ID_CHARACTERS);
          expect(parsePosition(text)).to.deep.equal({ since, upTo, order, rank, sent });
        },
      ),
      { numRuns: propertyRuns(200) },
    );
  });

  it("are nothing else", () => {
    for (const text of ["", "1", "~~~~~", "1-0~~0~~~~", "0-0~~0~~~", "1-0~1-0~zzzzzzzzzzzzz~~~"]) {
      expect(parsePosition(text), text).to.equal(null);
    }
    expect(parsePosition("1-0~~0~~~")).to.not.equal(null);
    expect(parsePosition(`1-0~~0~${"0".repeat(MAX_ID_CHARACTERS)}~~`)).to.equal(null);
  });

  it("end before the oldest transaction if more run than an id can name", () => {
    const running = Array.from({ length: 101 }, (_, index) => 10 + index);
    expect(boundedSnapshot(`10:200:${running.join(",")}`)).to.equal("10:10:");
    const named = `10:200:${running.slice(0, 100).join(",")}`;
    expect(boundedSnapshot(named)).to.equal(named);
  });

  it("tell whether a snapshot sees all that an earlier one does", () => {
    expect(covers("10:10:", "10:10:")).to.equal(true);
    expect(covers("10:20:10,15", "10:20:10,15")).to.equal(true);
    // 15 has committed since.
    expect(covers("10:20:10", "10:20:10,15")).to.equal(true);
    // The earlier one has seen 15, which the bounded one leaves out.
    expect(covers("10:10:", "10:20:10")).to.equal(false);
    expect(covers("10:20:10,15", "10:20:10")).to.equal(false);
    expect(covers("20:20:", "10:20:10")).to.equal(true);
    expect(covers("10:20:10", "10:21:10")).to.equal(false);
  });

  it("are of another database if their transactions are ahead", () => {
    const position = { upTo: null, order: 0n, rank: "", sent };
    expect(isAheadOf({ ...position, since: "10:20:10" }, "10:20:10")).to.equal(false);
    expect(isAheadOf({ ...position, since: "10:21:10" }, "10:20:10")).to.equal(true);
    expect(isAheadOf({ ...position, since: "5:5:", upTo: "10:21:10" }, "10:20:10")).to.equal(true);
  });
});
