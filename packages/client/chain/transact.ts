import type { Account, Address, Hex, PublicClient, TransactionReceipt, WalletClient } from "viem";

import { walletAccount } from "./walletAccount.ts";

/** A wallet, the chain that it is on, and the contract that it deals with. */
export interface WalletConnection {
  readonly wallet: WalletClient;
  readonly client: PublicClient;
  readonly contract: Address;
}

/** Who sends a transaction, and on which chain: what every write of viem asks for. */
export function senderOf(wallet: WalletClient): { account: Account; chain: WalletClient["chain"] } {
  return { account: walletAccount(wallet), chain: wallet.chain };
}

/** Resolves when what was sent is in a block; rejects where it was refused or reverted. */
export async function waitForSuccess(
  client: PublicClient,
  sent: Hex | Promise<Hex>,
): Promise<TransactionReceipt> {
  const hash = await sent;
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`the transaction ${hash} was reverted`);
  return receipt;
}
