import type { Account, Address, Hex, PublicClient, TransactionReceipt, WalletClient } from "viem";

import { walletAccount } from "./walletAccount.ts";

/** A wallet, a client of its chain, and the vault contract. */
export interface WalletConnection {
  readonly wallet: WalletClient;
  readonly client: PublicClient;
  readonly contract: Address;
}

/** The account and chain that each of viem's write calls needs. */
export function senderOf(wallet: WalletClient): { account: Account; chain: WalletClient["chain"] } {
  return { account: walletAccount(wallet), chain: wallet.chain };
}

/** Waits until a transaction is in a block. Rejects if it was not accepted or reverted. */
export async function waitForSuccess(
  client: PublicClient,
  sent: Hex | Promise<Hex>,
): Promise<TransactionReceipt> {
  const hash = await sent;
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`the transaction ${hash} reverted`);
  return receipt;
}
