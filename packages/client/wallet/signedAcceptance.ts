import type { Address, Hex, WalletClient } from "viem";

import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/** What a spending wallet says about an account, as `POST /v1/acceptances` takes it. */
export interface SignedAcceptance {
  readonly spender: Address;
  readonly account: Address;
  /** milliseconds since 1970; later than in the message before */
  readonly signedAt: bigint;
  readonly signature: Hex;
}

/**
 * Asks a spending wallet to sign that an account may pay for it, or with `accepted: false` that it
 * may no longer. Contract wallets name themselves as `spender`.
 */
export async function signAcceptance(
  wallet: WalletClient,
  deployment: Deployment,
  {
    account,
    accepted = true,
    spender = walletAccount(wallet).address,
    signedAt = BigInt(Date.now()),
  }: { account: Address; accepted?: boolean; spender?: Address; signedAt?: bigint },
): Promise<SignedAcceptance> {
  const message = { spender: walletSpender(spender), account, accepted, signedAt };
  const typedData = acceptanceTypedData(deployment, message);
  const by = walletAccount(wallet);
  const signature = await askWallet(() => wallet.signTypedData({ account: by, ...typedData }));
  return { spender, account, signedAt, signature };
}
