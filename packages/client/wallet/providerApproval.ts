import type { Address, WalletClient } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { providerApprovalTypedData } from "@compute-credits/protocol/messages/providerApproval";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/**
 * Asks an operator's wallet to approve a provider, or to end that: the body of
 * `POST /v1/provider-approvals`. `issuedAt` is the time now, in seconds since 1970.
 */
export async function signProviderApproval(
  wallet: WalletClient,
  deployment: Deployment,
  message: { readonly provider: Address; readonly approved: boolean; readonly issuedAt: bigint },
) {
  const account = walletAccount(wallet);
  const typedData = providerApprovalTypedData(deployment, message);
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return { ...message, operator: account.address, signature };
}
