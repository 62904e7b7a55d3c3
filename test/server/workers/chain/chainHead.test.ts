import { expect } from "chai";

import { createChainHead } from "../../../../server/workers/chain/chainHead.ts";

describe("createChainHead", () => {
  let time = 0;
  const head = (stallSeconds: number) => createChainHead(stallSeconds, () => time);
  const MINUTE_MS = 60_000;

  it("when the same block stays the newest for too long: says so, until another comes", () => {
    const watched = head(60);
    watched.saw(7n);
    time += MINUTE_MS;
    watched.saw(7n);
    expect(watched.error()).to.equal(null);
    time += 1_000;
    expect(watched.error()).to.match(/^block 7 is the newest since 61 s: check .* RPC_URL/);
    watched.saw(8n);
    expect(watched.error()).to.equal(null);
  });

  it("when no block was read at all: says so", () => {
    const watched = head(60);
    time += MINUTE_MS + 1_000;
    expect(watched.error()).to.match(/^no confirmed block was read since 61 s/);
  });

  it("with 0 seconds, for a chain that makes blocks of transactions only: says nothing", () => {
    const watched = head(0);
    watched.saw(7n);
    time += 1_000 * MINUTE_MS;
    expect(watched.error()).to.equal(null);
  });
});
