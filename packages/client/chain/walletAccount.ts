import type { Account, WalletClient } from "viem";

/** The account that a wallet signs with. Throws if the wallet was created without one. */
export function walletAccount(wallet: WalletClient): Account {
  if (wallet.account === undefined)
    throw new Error("the wallet has no account: createWalletClient({ account, … })");
  return wallet.account;
}
