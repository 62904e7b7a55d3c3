import type { Address, WalletClient } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import {
  meterKeyRevocationTypedData,
  meterKeyTypedData,
} from "@compute-credits/protocol/messages/meterKey";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/** Asks a provider's wallet to register a meter's key: the body of `POST /v1/meter-keys`. */
export async function signMeterKey(
  wallet: WalletClient,
  deployment: Deployment,
  meterKey: Address,
) {
  const account = walletAccount(wallet);
  const message = { provider: account.address, meterKey };
  const typedData = meterKeyTypedData(deployment, message);
  return {
    ...message,
    signature: await askWallet(() => wallet.signTypedData({ account, ...typedData })),
  };
}

/**
 * Asks a provider's wallet to revoke a meter's key for good: the body of
 * `POST /v1/meter-keys/:meterKey/revocation`.
 */
export async function signMeterKeyRevocation(
  wallet: WalletClient,
  deployment: Deployment,
  meterKey: Address,
) {
  const account = walletAccount(wallet);
  const message = { provider: account.address, meterKey };
  const typedData = meterKeyRevocationTypedData(deployment, message);
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return { provider: account.address, signature };
}
