import type { Address } from "viem";

import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { HARDHAT_CHAIN } from "../../scripts/local/hardhatChain.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import type { HostileRig } from "./rig.ts";

/** Sends one unit of the token. If the vault gets it, the next report must explain it. */
export function dollarsTo(chain: HostileRig["chain"], recipient: Address): () => Promise<void> {
  const { bob } = wallets;
  return async () => {
    const hash = await chain.as(bob).wallet.writeContract({
      address: chain.token,
      abi: testDollarAbi,
      functionName: "mint",
      args: [recipient, 1n],
      account: bob.account,
      chain: HARDHAT_CHAIN,
    });
    await chain.client.waitForTransactionReceipt({ hash });
  };
}
