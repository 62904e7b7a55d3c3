import type { Address, PublicClient } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { isDeploymentBlock } from "@compute-credits/protocol/deploymentBlock";
import { ConfigError } from "../process/environment.ts";
import { type BlockPoint, readPoint } from "./blockPoint.ts";

export interface OriginOptions {
  /** the block of the deployment, by a setting or a server; `null` asks the contract */
  readonly named: bigint | null;
  /** a database began there already: its logs were checked, and may be pruned since */
  readonly isKnown: boolean;
}

const WHERE =
  "set DEPLOYMENT_BLOCK to the chain's own number of that block: `block` in the record that " +
  "npm run deploy wrote, or blockNumber in the receipt of the deployment";

/**
 * Reads the block before the vault's deployment. On rollups whose contracts see another chain's
 * block numbers, the contract's own number is wrong (decision 0120). Rejects with a `ConfigError` if
 * the vault was not deployed in the block.
 */
export async function readOrigin(
  client: PublicClient,
  contract: Address,
  { named, isKnown }: OriginOptions,
): Promise<BlockPoint> {
  const number =
    named ??
    (await client.readContract({
      address: contract,
      abi: computeCreditsAbi,
      functionName: "deploymentBlock",
    }));
  const source = named === null ? "as the contract says" : "as DEPLOYMENT_BLOCK or the server says";
  const claim = `the vault was not deployed in block ${number}, ${source}`;
  const head = await client.getBlockNumber();
  if (number < 1n || number > head) {
    throw new ConfigError(`${claim}: the chain's newest block is ${head}: ${WHERE}`);
  }
  if (!isKnown && !(await isDeploymentBlock(client, contract, number))) {
    throw new ConfigError(
      `${claim}: its constructor left no log there: ${WHERE}; ` +
        "if that is the number, RPC_URL needs an endpoint that keeps logs so old",
    );
  }
  return await readPoint(client, number - 1n);
}
