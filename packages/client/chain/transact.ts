import {
  type Account,
  type Address,
  BaseError,
  type Hex,
  type PublicClient,
  type TransactionReceipt,
  type WalletClient,
} from "viem";

import { CLIENT_REASONS } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import { toCreditsError } from "../errors/chainError.ts";
import { askWallet } from "../wallet/signing.ts";
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

/**
 * Waits until a transaction is in a block, also one with a higher fee that the wallet sent for it.
 * Rejects with a `CreditsError` if it was not accepted, reverted, or if the wallet cancelled it or
 * sent something else in its place.
 */
export async function waitForSuccess(
  client: PublicClient,
  sent: Hex | Promise<Hex>,
): Promise<TransactionReceipt> {
  return await explained(async () => {
    const hash = await ofWallet(sent);
    let isReplaced = false;
    const receipt = await client.waitForTransactionReceipt({
      hash,
      onReplaced: ({ reason }) => {
        isReplaced = reason !== "repriced";
      },
    });
    if (isReplaced) {
      const reason = "transaction_replaced";
      throw new CreditsError(`the transaction ${hash}: ${CLIENT_REASONS[reason].meaning}`, {
        reason,
      });
    }
    if (receipt.status === "success") return receipt;
    throw new CreditsError(`the transaction ${hash} reverted`, { reason: "transaction_reverted" });
  });
}

/** An error that is none of viem's came from the wallet: its own code, or its device. */
async function ofWallet(sent: Hex | Promise<Hex>): Promise<Hex> {
  try {
    return await sent;
  } catch (cause) {
    if (cause instanceof BaseError) throw cause;
    return await askWallet(() => Promise.reject(cause));
  }
}

/** Does what it is given, and rejects with a `CreditsError` in place of an error of viem. */
export async function explained<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toCreditsError(error);
  }
}
