import { expect } from "chai";
import { parseEther } from "viem";

import { localClient } from "../../scripts/local/deployLocal.ts";
import { startLocalChain } from "../../scripts/local/localChain.ts";
import { wallets } from "../../scripts/local/wallets.ts";

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

  it("gives each test wallet ether, because their keys are those of Hardhat's phrase", async () => {
    const chain = await startLocalChain(0);
    try {
      const client = localClient(chain.rpcUrl);
      const balances = await Promise.all(
        Object.values(wallets).map(({ account }) => client.getBalance(account)),
      );
      expect(balances).to.deep.equal(balances.map(() => parseEther("10000")));
      expect(balances).to.have.length(7);
    } finally {
      await chain.stop();
    }
  });
});
