import type { Address } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { ContractConnection } from "./readCheckpoints.ts";

/** Credits that came to an account, whoever paid for them. */
export interface Purchase {
  readonly blockNumber: bigint;
  readonly creditMicros: bigint;
}

/** In blocks: a range that an endpoint refuses is halved down to this. */
const SMALLEST_RANGE = 500n;

/**
 * The `CreditsPurchased` events of an account from the contract's first block to `upTo`, oldest first: gifts and top-ups
 * too. By the account's topic, so most endpoints answer the whole range at once; what one refuses is asked for in halves.
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
    if (to - from < SMALLEST_RANGE) throw error;
    const middle = (from + to) / 2n;
    const older = await purchasesIn(on, account, from, middle);
    return [...older, ...(await purchasesIn(on, account, middle + 1n, to))];
  }
}
