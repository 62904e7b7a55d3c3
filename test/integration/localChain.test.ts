import { expect } from "chai";

import { localClient } from "../../scripts/local/deployLocal.ts";
import { startLocalChain } from "../../scripts/local/localChain.ts";

describe("startLocalChain", () => {
  it("starts at the current time in an old process, because servers compare clocks", async () => {
    const chain = await startLocalChain(0);
    try {
      const { timestamp } = await localClient(chain.rpcUrl).getBlock();
      // Block times are whole seconds, and the next one may have begun.
      expect(Date.now() / 1000 - Number(timestamp)).to.be.lessThan(2);
    } finally {
      await chain.stop();
    }
  });
});
