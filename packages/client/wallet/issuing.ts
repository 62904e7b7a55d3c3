import type { Hex, WalletClient } from "viem";

import { campaignAccessTypedData } from "@compute-credits/protocol/messages/campaignAccess";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { ANY_CAMPAIGN, issuingKeyTypedData } from "@compute-credits/protocol/messages/issuingKey";
import { issuingKeyRevocationTypedData } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/** Asks the owner's wallet to register an issuing key: the body of `POST /v1/issuing-keys`. */
export async function signIssuingKey(
  wallet: WalletClient,
  deployment: Deployment,
  {
    key,
    counter,
    campaign = ANY_CAMPAIGN,
  }: {
    readonly key: string;
    /** the account's counter on chain */
    readonly counter: bigint;
    /** the only campaign that the key may issue from; by default all of the account */
    readonly campaign?: Hex;
  },
) {
  const account = walletAccount(wallet);
  const message = { account: account.address, keyHash: apiKeySpender(key), campaign, counter };
  const typedData = issuingKeyTypedData(deployment, message);
  return {
    ...message,
    signature: await askWallet(() => wallet.signTypedData({ account, ...typedData })),
  };
}

/**
 * Asks the owner's wallet to revoke an issuing key for good: the body of
 * `POST /v1/issuing-keys/:keyHash/revocation`.
 */
export async function signIssuingKeyRevocation(
  wallet: WalletClient,
  deployment: Deployment,
  { keyHash, revokesGrants }: { readonly keyHash: Hex; readonly revokesGrants: boolean },
) {
  const account = walletAccount(wallet);
  const message = { account: account.address, keyHash, revokesGrants };
  const typedData = issuingKeyRevocationTypedData(deployment, message);
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return { account: account.address, revokesGrants, signature };
}

/**
 * Asks the owner's wallet for a header `Authorization` that issues without an issuing key, for five
 * minutes from `issuedAt` (seconds since 1970).
 */
export async function signCampaignAccess(
  wallet: WalletClient,
  deployment: Deployment,
  issuedAt: bigint,
): Promise<string> {
  const account = walletAccount(wallet);
  const message = { account: account.address, issuedAt };
  const typedData = campaignAccessTypedData(deployment, message);
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return `CampaignAccess ${account.address} ${issuedAt} ${signature}`;
}
