import type { Address } from "viem";

import { isDeploymentBlock } from "@compute-credits/protocol/deploymentBlock";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { CreditsError } from "../errors/creditsError.ts";
import type { ContractConnection } from "./readCheckpoints.ts";
import { explained } from "./transact.ts";

/** A purchase of credits for an account, by any payer. */
export interface Purchase {
  readonly blockNumber: bigint;
  readonly creditMicros: bigint;
}

/** Blocks: a range that an endpoint rejects is halved down to this size. */
const MIN_RANGE_BLOCKS = 500n;

/**
 * Reads an account's purchases from the contract's first block to `upTo`, oldest first, including
 * gifts and top-ups. Filters by topic, so most endpoints answer the whole range at once; a rejected
 * range is split in halves. Rejects with `unknown_deployment_block` if neither the contract's number
 * nor `on.deploymentBlock` is the block of the deployment.
 */
export async function readPurchases(
  on: ContractConnection,
  account: Address,
  upTo: bigint,
): Promise<readonly Purchase[]> {
  return await explained(async () => purchasesIn(on, account, await firstBlock(on), upTo));
}

/** On some rollups the contract saw another chain's block number (decision 0120). */
async function firstBlock({ client, contract, deploymentBlock }: ContractConnection) {
  const own = await client.readContract({
    address: contract,
    abi: computeCreditsAbi,
    functionName: "deploymentBlock",
  });
  if (await isDeploymentBlock(client, contract, own)) return own;
  const named = deploymentBlock ?? null;
  if (named !== null && (await isDeploymentBlock(client, contract, named))) return named;
  throw new CreditsError(
    `the vault ${contract} was not deployed in block ${own}, as it says` +
      `${named === null ? "" : `, nor in block ${named}`}: ` +
      "name the chain's own number of that block (blockNumber of the deployment's receipt), " +
      "and an endpoint that keeps logs so old",
    { reason: "unknown_deployment_block" },
  );
}

async function purchasesIn(
  on: ContractConnection,
  account: Address,
  from: bigint,
  to: bigint,
): Promise<readonly Purchase[]> {
  if (from > to) return [];
  try {
    const events = await on.client.getContractEvents({
      address: on.contract,
      abi: computeCreditsAbi,
      eventName: "CreditsPurchased",
      args: { account },
      fromBlock: from,
      toBlock: to,
      strict: true,
    });
    return events.map(({ blockNumber, args }) => ({
      blockNumber,
      creditMicros: args.creditMicros,
    }));
  } catch (error) {
    if (to - from < MIN_RANGE_BLOCKS) throw error;
    const middle = (from + to) / 2n;
    const older = await purchasesIn(on, account, from, middle);
    return [...older, ...(await purchasesIn(on, account, middle + 1n, to))];
  }
}
