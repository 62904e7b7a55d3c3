import { type Address, type Hex, type TransactionReceipt, erc20Abi } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { Row } from "@compute-credits/protocol/tree/row";
import { type WalletConnection, senderOf, waitForSuccess } from "./transact.ts";

/**
 * Buys `creditMicros` for `account`: approves exactly the price and buys. Resolves when it is in a block; rejects, with
 * nothing paid, where the wallet has too few tokens.
 */
export async function buyCredits(
  { wallet, client, contract }: WalletConnection,
  { account, creditMicros }: { account: Address; creditMicros: bigint },
): Promise<{ receipt: TransactionReceipt; tokenAmount: bigint }> {
  const read = { address: contract, abi: computeCreditsAbi } as const;
  const [token, tokenAmount] = await Promise.all([
    client.readContract({ ...read, functionName: "token" }),
    client.readContract({ ...read, functionName: "priceOf", args: [creditMicros] }),
  ]);
  const approval = await wallet.writeContract({
    ...senderOf(wallet),
    address: token,
    abi: erc20Abi,
    functionName: "approve",
    args: [contract, tokenAmount],
  });
  await waitForSuccess(client, approval);
  const purchase = await wallet.writeContract({
    ...senderOf(wallet),
    ...read,
    functionName: "buy",
    args: [account, creditMicros],
  });
  return { receipt: await waitForSuccess(client, purchase), tokenAmount };
}

/**
 * Asks `creditMicros` of the wallet's own unspent credits back. The ledger stops spending them and puts them in the next
 * checkpoint. Voids every allowance signed before.
 */
export async function requestRefund(
  { wallet, client, contract }: WalletConnection,
  creditMicros: bigint,
): Promise<TransactionReceipt> {
  const request = await wallet.writeContract({
    ...senderOf(wallet),
    address: contract,
    abi: computeCreditsAbi,
    functionName: "requestRefund",
    args: [creditMicros],
  });
  return await waitForSuccess(client, request);
}

/**
 * Settles a row of a final checkpoint, the last one or the one before it: claims earnings, pays refunds, synchronises
 * the balance. Anyone may.
 */
export async function settleRow(
  { wallet, client, contract }: WalletConnection,
  { row, epoch, proof }: { row: Row; epoch: bigint; proof: readonly Hex[] },
): Promise<TransactionReceipt> {
  const settlement = await wallet.writeContract({
    ...senderOf(wallet),
    address: contract,
    abi: computeCreditsAbi,
    functionName: "settle",
    args: [row, epoch, [...proof]],
  });
  return await waitForSuccess(client, settlement);
}
