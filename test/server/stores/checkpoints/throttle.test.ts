import { expect } from "chai";

import { halfTheTime } from "../../../../server/stores/checkpoints/throttle.ts";

describe("work that gives way", () => {
  it("pauses for as long as each piece took", async () => {
    expect(await pausesAfter(7, 12, 0)).to.deep.equal([7, 12, 0]);
  });

  it("does not pause longer for a piece that had to wait itself", async () => {
    expect(await pausesAfter(9_000, 7)).to.deep.equal([50, 7]);
  });
});

/** The pauses after pieces of work that take so many milliseconds each. */
async function pausesAfter(...pieces: readonly number[]): Promise<number[]> {
  let clock = 0;
  const pauses: number[] = [];
  const giveWay = halfTheTime({
    now: () => clock,
    pause: (duration) => {
      pauses.push(duration);
      clock += duration;
      return Promise.resolve();
    },
  });
  for (const piece of pieces) {
    clock += piece;
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    await giveWay();
  }
  return pauses;
}
