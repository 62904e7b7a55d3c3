import { type Address, type Hex, type TransactionReceipt, erc20Abi } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import type { Row } from "@compute-credits/protocol/tree/row";
import { type WalletConnection, senderOf, waitForSuccess } from "./transact.ts";

/**
 * Buys `creditMicros` for `account`: approves exactly the price (in the token's smallest unit)
 * unless as much is approved already, then buys. Resolves when the purchase is in a block. Rejects, with nothing paid, if the wallet
 * has too few tokens.
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
  await approve({ wallet, client, contract }, token, tokenAmount);
  const purchase = wallet.writeContract({
    ...senderOf(wallet),
    ...read,
    functionName: "buy",
    args: [account, creditMicros],
  });
  return { receipt: await waitForSuccess(client, purchase), tokenAmount };
}

/**
 * Lets the contract take `tokenAmount`. An approval that a failed purchase left behind is set to
 * zero first, because tokens such as Tether refuse to change one that is not zero.
 */
async function approve(
  { wallet, client, contract }: WalletConnection,
  token: Address,
  tokenAmount: bigint,
): Promise<void> {
  const sender = senderOf(wallet);
  const onToken = { address: token, abi: erc20Abi } as const;
  const approved = await client.readContract({
    ...onToken,
    functionName: "allowance",
    args: [sender.account.address, contract],
  });
  if (approved >= tokenAmount) return;
  for (const amount of approved === 0n ? [tokenAmount] : [0n, tokenAmount]) {
    const hash = wallet.writeContract({
      ...sender,
      ...onToken,
      functionName: "approve",
      args: [contract, amount],
    });
    // oxlint-disable-next-line no-await-in-loop -- the second is refused before the first
    await waitForSuccess(client, hash);
  }
}

/**
 * Requests a refund of `creditMicros` of the wallet's unspent credits. The ledger reserves them and
 * refunds them with the next checkpoint. Voids every allowance signed before.
 */
export async function requestRefund(
  { wallet, client, contract }: WalletConnection,
  creditMicros: bigint,
): Promise<TransactionReceipt> {
  const request = wallet.writeContract({
    ...senderOf(wallet),
    address: contract,
    abi: computeCreditsAbi,
    functionName: "requestRefund",
    args: [creditMicros],
  });
  return await waitForSuccess(client, request);
}

/**
 * Settles a row of the last final checkpoint or the one before it: pays earnings and refunds, and
 * burns spent credits. Anyone may settle any row.
 */
export async function settleRow(
  { wallet, client, contract }: WalletConnection,
  { row, epoch, proof }: { row: Row; epoch: bigint; proof: readonly Hex[] },
): Promise<TransactionReceipt> {
  const settlement = wallet.writeContract({
    ...senderOf(wallet),
    address: contract,
    abi: computeCreditsAbi,
    functionName: "settle",
    args: [row, epoch, [...proof]],
  });
  return await waitForSuccess(client, settlement);
}
