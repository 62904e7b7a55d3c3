import type { Hex, WalletClient } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { viewKeyTypedData } from "@compute-credits/protocol/messages/viewKey";
import { viewKeyRevocationTypedData } from "@compute-credits/protocol/messages/viewKeyRevocation";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/** Asks the owner's wallet to register a view key: the body of `POST /v1/view-keys`. */
export async function signViewKey(
  wallet: WalletClient,
  deployment: Deployment,
  {
    key,
    expiresAt,
  }: {
    readonly key: string;
    /** seconds since 1970, at most 366 days ahead */
    readonly expiresAt: bigint;
  },
) {
  const account = walletAccount(wallet);
  const message = { account: account.address, keyHash: apiKeySpender(key), expiresAt };
  const typedData = viewKeyTypedData(deployment, message);
  return {
    ...message,
    signature: await askWallet(() => wallet.signTypedData({ account, ...typedData })),
  };
}

/**
 * Asks the owner's wallet to revoke a view key for good: the body of
 * `POST /v1/view-keys/:keyHash/revocation`.
 */
export async function signViewKeyRevocation(
  wallet: WalletClient,
  deployment: Deployment,
  keyHash: Hex,
) {
  const account = walletAccount(wallet);
  const message = { account: account.address, keyHash };
  const typedData = viewKeyRevocationTypedData(deployment, message);
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return { account: account.address, signature };
}
