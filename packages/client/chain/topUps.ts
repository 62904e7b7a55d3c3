import { type TransactionReceipt, erc20Abi } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { TopUpPolicyMessage } from "@compute-credits/protocol/messages/topUpPolicy";
import { type WalletConnection, explained, senderOf, waitForSuccess } from "./transact.ts";

/**
 * Lets the vault take tokens for so many micro-credits, which top-ups need: the wallet is the payer.
 * Replaces an earlier approval, which buying uses too.
 */
export async function approveTopUps(
  { wallet, client, contract }: WalletConnection,
  creditMicros: bigint,
): Promise<TransactionReceipt> {
  return await explained(async () => {
    const vault = { address: contract, abi: computeCreditsAbi } as const;
    const [token, tokenAmount] = await Promise.all([
      client.readContract({ ...vault, functionName: "token" }),
      client.readContract({ ...vault, functionName: "priceOf", args: [creditMicros] }),
    ]);
    const sent = wallet.writeContract({
      ...senderOf(wallet),
      address: token,
      abi: erc20Abi,
      functionName: "approve",
      args: [contract, tokenAmount],
    });
    return await waitForSuccess(client, sent);
  });
}

/** Ends a policy for good, for every keeper. For its payer. */
export async function revokeTopUp(
  { wallet, client, contract }: WalletConnection,
  policy: TopUpPolicyMessage,
): Promise<TransactionReceipt> {
  const sent = wallet.writeContract({
    ...senderOf(wallet),
    address: contract,
    abi: computeCreditsAbi,
    functionName: "revokeTopUp",
    args: [policy],
  });
  return await waitForSuccess(client, sent);
}
