import type { TransactionReceipt } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { type WalletConnection, senderOf, waitForSuccess } from "./transact.ts";

/**
 * Raises the wallet's counter: voids all allowances and issuing keys that it signed before, on chain
 * and so for every server. Work that was charged before can still be settled.
 */
export async function revokeAll({
  wallet,
  client,
  contract,
}: WalletConnection): Promise<TransactionReceipt> {
  const revocation = wallet.writeContract({
    ...senderOf(wallet),
    address: contract,
    abi: computeCreditsAbi,
    functionName: "revokeAll",
  });
  return await waitForSuccess(client, revocation);
}
