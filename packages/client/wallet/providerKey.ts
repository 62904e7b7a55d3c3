import type { Hex, WalletClient } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { providerKeyRevocationTypedData } from "@compute-credits/protocol/messages/providerKeyRevocation";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/**
 * Asks the provider's wallet to revoke a key for good: the body of
 * `POST /v1/provider-keys/:keyHash/revocation`.
 */
export async function signProviderKeyRevocation(
  wallet: WalletClient,
  deployment: Deployment,
  keyHash: Hex,
) {
  const account = walletAccount(wallet);
  const provider = account.address;
  const typedData = providerKeyRevocationTypedData(deployment, { provider, keyHash });
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return { provider, signature };
}
