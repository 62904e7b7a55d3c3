import type { Address } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { ContractConnection } from "./readCheckpoints.ts";
import { explained } from "./transact.ts";

/** Reads an account's counter, which its next allowance names. `revokeAll` and refunds raise it. */
export async function readCounter(
  { client, contract }: ContractConnection,
  account: Address,
): Promise<bigint> {
  return await explained(() =>
    client.readContract({
      address: contract,
      abi: computeCreditsAbi,
      functionName: "counterOf",
      args: [account],
    }),
  );
}
