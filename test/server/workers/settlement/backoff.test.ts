import { expect } from "chai";

import { createBackoff } from "../../../../server/workers/settlement/backoff.ts";

describe("backoff", () => {
  it("doubles an item's pause with each failure up to the longest, and forgets it on success", () => {
    let now = 0;
    const backoff = createBackoff({ firstPauseMs: 10, maxPauseMs: 40, now: () => now });
    const pauses: number[] = [];
    for (let failure = 0; failure < 4; failure++) {
      backoff.failed("row");
      const since = now;
      while (backoff.isWaiting("row")) now++;
      pauses.push(now - since);
    }
    expect(pauses).to.deep.equal([10, 20, 40, 40]);

    backoff.failed("row");
    backoff.succeeded("row");
    expect(backoff.isWaiting("row")).to.equal(false);
    backoff.failed("row");
    now += 10;
    expect(backoff.isWaiting("row")).to.equal(false);
  });

  it("lists the items that wait, and remembers at most 10,000", () => {
    const backoff = createBackoff<number>({ firstPauseMs: 10, maxPauseMs: 40, now: () => 0 });
    for (let item = 0; item < 10_001; item++) backoff.failed(item);
    expect(backoff.waiting()).to.have.length(10_000);
    expect(backoff.isWaiting(0)).to.equal(false);
    expect(backoff.isWaiting(1)).to.equal(true);
  });
});
