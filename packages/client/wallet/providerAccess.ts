import type { Address, WalletClient } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/**
 * Asks a spending wallet to let a provider charge it. The provider shows the result to the server
 * with `claimAccess`. What is charged still needs an allowance that the spender may use.
 */
export async function signProviderAccess(
  wallet: WalletClient,
  deployment: Deployment,
  provider: Address,
) {
  const account = walletAccount(wallet);
  const spender = account.address;
  const typedData = providerAccessTypedData(deployment, { spender, provider });
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return { spender, signature };
}

/** Asks a spending wallet to end that for good: the body of `POST /v1/provider-access/revocation`. */
export async function signProviderAccessRevocation(
  wallet: WalletClient,
  deployment: Deployment,
  provider: Address,
) {
  const account = walletAccount(wallet);
  const message = { spender: account.address, provider };
  const typedData = providerAccessRevocationTypedData(deployment, message);
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return { ...message, signature };
}
