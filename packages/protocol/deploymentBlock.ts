import { type Address, type PublicClient, zeroAddress } from "viem";

import { computeCreditsAbi } from "./abi/computeCredits.ts";

/**
 * Whether the chain deployed the vault in that block. The vault's constructor, and nothing after it,
 * logs that its ownership left the zero address. Rejects if the endpoint has no logs so old.
 */
export async function isDeploymentBlock(
  client: PublicClient,
  contract: Address,
  block: bigint,
): Promise<boolean> {
  if (block > (await client.getBlockNumber({ cacheTime: 0 }))) return false;
  const logs = await client.getContractEvents({
    address: contract,
    abi: computeCreditsAbi,
    eventName: "OwnershipTransferred",
    args: { previousOwner: zeroAddress },
    fromBlock: block,
    toBlock: block,
  });
  return logs.length > 0;
}
