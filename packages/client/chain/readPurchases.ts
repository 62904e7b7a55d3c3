import type { Address } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { ContractConnection } from "./readCheckpoints.ts";

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
 * range is split in halves.
 */
export async function readPurchases(
  on: ContractConnection,
  account: Address,
  upTo: bigint,
): Promise<readonly Purchase[]> {
  const first = await on.client.readContract({
    address: on.contract,
    abi: computeCreditsAbi,
    functionName: "deploymentBlock",
  });
  return await purchasesIn(on, account, first, upTo);
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
