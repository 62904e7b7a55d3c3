import { createPublicClient, erc20Abi, parseEventLogs } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { VaultReader } from "./vaultReader.ts";
import { rpcTransport } from "./viemChainReader.ts";

/** Creates a reader of the vault. `blocksPerRequest` bounds the block range of one log request. */
export function createVaultReader(
  rpcUrls: readonly string[],
  { contract }: Deployment,
  { blocksPerRequest }: { blocksPerRequest: bigint },
): VaultReader {
  const client = createPublicClient({ transport: rpcTransport(rpcUrls), cacheTime: 0 });
  const read = { address: contract, abi: computeCreditsAbi } as const;
  const token = () => client.readContract({ ...read, functionName: "token" });

  return {
    async totalsAt(blockNumber) {
      const [totalSupply, [spent, refunded, earned, feesTaken], final, tokenBalance] =
        await Promise.all([
          client.readContract({ ...read, functionName: "totalSupply", blockNumber }),
          client.readContract({ ...read, functionName: "settledTotals", blockNumber }),
          client.readContract({ ...read, functionName: "finalCheckpoint", blockNumber }),
          client.readContract({
            address: await token(),
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

    async deferredTokens(block) {
      const first = await client.readContract({ ...read, functionName: "deploymentBlock" });
      let deferred = 0n;
      for (let fromBlock = first; fromBlock <= block; fromBlock += blocksPerRequest) {
        const last = fromBlock + blocksPerRequest - 1n;
        const toBlock = last < block ? last : block;
        // oxlint-disable-next-line no-await-in-loop -- endpoints limit ranges and request rates
        const logs = await client.getLogs({ address: contract, fromBlock, toBlock });
        for (const { eventName, args } of parseEventLogs({ abi: computeCreditsAbi, logs })) {
          if (eventName === "PayoutDeferred") deferred += args.tokenAmount;
          if (eventName === "OwedWithdrawn") deferred -= args.tokenAmount;
        }
      }
      return deferred;
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
