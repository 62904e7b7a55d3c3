import type { Account, WalletClient } from "viem";

import { CreditsError } from "../errors/creditsError.ts";

/** The account that a wallet signs with. Throws if the wallet was created without one. */
export function walletAccount(wallet: WalletClient): Account {
  if (wallet.account === undefined) {
    throw new CreditsError("the wallet has no account: createWalletClient({ account, … })", {
      reason: "wallet_has_no_account",
    });
  }
  return wallet.account;
}
