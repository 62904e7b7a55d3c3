import { createPublicClient, erc20Abi, getAbiItem } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { VaultReader } from "./vaultReader.ts";
import { rpcTransport } from "./viemChainReader.ts";

const DEFERRED_EVENTS = [
  getAbiItem({ abi: computeCreditsAbi, name: "PayoutDeferred" }),
  getAbiItem({ abi: computeCreditsAbi, name: "OwedWithdrawn" }),
] as const;

/** Creates a reader of the vault. */
export function createVaultReader(
  rpcUrls: readonly string[],
  { contract }: Deployment,
): VaultReader {
  const client = createPublicClient({ transport: rpcTransport(rpcUrls), cacheTime: 0 });
  const read = { address: contract, abi: computeCreditsAbi } as const;
  const token = () => client.readContract({ ...read, functionName: "token" });

  return {
    async totalsAt(blockNumber) {
      // Before the others: one that fails while nothing waits for it would end the process.
      const address = await token();
      const [totalSupply, [spent, refunded, earned, feesTaken], final, tokenBalance] =
        await Promise.all([
          client.readContract({ ...read, functionName: "totalSupply", blockNumber }),
          client.readContract({ ...read, functionName: "settledTotals", blockNumber }),
          client.readContract({ ...read, functionName: "finalCheckpoint", blockNumber }),
          client.readContract({
            address,
            abi: erc20Abi,
            functionName: "balanceOf",
            args: [contract],
            blockNumber,
          }),
        ]);
      return {
        totalSupply,
        settled: { spent, refunded, earned },
        feesTaken,
        finalCheckpoint: {
          epoch: final.epoch,
          spent: final.spent,
          refunded: final.refunded,
          earned: final.earned,
        },
        tokenBalance,
      };
    },

    async deferredChange({ from, to }) {
      const logs = await client.getLogs({
        address: contract,
        events: DEFERRED_EVENTS,
        fromBlock: from,
        toBlock: to,
        strict: true,
      });
      return logs.reduce(
        (change, { eventName, args }) =>
          eventName === "PayoutDeferred" ? change + args.tokenAmount : change - args.tokenAmount,
        0n,
      );
    },

    async tokenUnit() {
      const decimals = await client.readContract({
        address: await token(),
        abi: erc20Abi,
        functionName: "decimals",
      });
      return 10n ** BigInt(decimals);
    },
  };
}
