import type { WalletClient } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import {
  LOG_ACCESS_SECONDS,
  logAccessTypedData,
} from "@compute-credits/protocol/messages/logAccess";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/**
 * Asks a wallet for a header `Authorization` that reads what is the wallet's own, for five minutes
 * from `issuedAt` (seconds since 1970). It changes nothing: no unsafe request takes it.
 */
export async function signLogAccess(
  wallet: WalletClient,
  deployment: Deployment,
  issuedAt: bigint,
): Promise<string> {
  const account = walletAccount(wallet);
  const typedData = logAccessTypedData(deployment, { reader: account.address, issuedAt });
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  return `LogAccess ${account.address} ${issuedAt} ${signature}`;
}

/** The header of `signLogAccess`, signed again when half of its time is over. For `createApi`. */
export function createReadAccess(
  wallet: WalletClient,
  deployment: Deployment,
): () => Promise<string> {
  let signed: { readonly header: Promise<string>; readonly issuedAt: bigint } | null = null;
  return async () => {
    const now = BigInt(Math.floor(Date.now() / 1000));
    if (signed === null || now - signed.issuedAt > LOG_ACCESS_SECONDS / 2n) {
      signed = { header: signLogAccess(wallet, deployment, now), issuedAt: now };
      // A wallet that refused is asked again.
      signed.header.catch(() => (signed = null));
    }
    return await signed.header;
  };
}
