import { expect } from "chai";

import { createThrottle } from "../../../../server/stores/checkpoints/throttle.ts";

describe("throttled work", () => {
  it("pauses as long as each chunk took", async () => {
    expect(await pausesAfter(7, 12, 0)).to.deep.equal([7, 12, 0]);
  });

  it("pauses at most 50 ms after a chunk that was itself waiting", async () => {
    expect(await pausesAfter(9_000, 7)).to.deep.equal([50, 7]);
  });
});

/** Returns the pauses after chunks of work, both in milliseconds. */
async function pausesAfter(...chunks: readonly number[]): Promise<number[]> {
  let clock = 0;
  const pauses: number[] = [];
  const throttle = createThrottle({
    now: () => clock,
    pause: (duration) => {
      pauses.push(duration);
      clock += duration;
      return Promise.resolve();
    },
  });
  for (const chunk of chunks) {
    clock += chunk;
    // oxlint-disable-next-line no-await-in-loop -- chunks run one after another
    await throttle();
  }
  return pauses;
}
