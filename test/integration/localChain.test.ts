import { expect } from "chai";

import { localClient } from "../../scripts/local/deployLocal.ts";
import { startLocalChain } from "../../scripts/local/localChain.ts";

describe("startLocalChain", () => {
  it("begins now, however old the process is: a server compares its clock with the chain's", async () => {
    const chain = await startLocalChain(0);
    try {
      const { timestamp } = await localClient(chain.rpcUrl).getBlock();
      // Of whole seconds, one may have begun since.
      expect(Date.now() / 1000 - Number(timestamp)).to.be.lessThan(2);
    } finally {
      await chain.stop();
    }
  });
});
