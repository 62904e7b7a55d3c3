import { type Address, type Hex, type WalletClient, hashTypedData } from "viem";

import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { walletAccount } from "../chain/walletAccount.ts";
import { type SignedCopies, keepCopy, memoryCopies } from "./copies.ts";
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
 * may no longer, and keeps a copy. Contract wallets name themselves as `spender`.
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
  copies: SignedCopies = memoryCopies,
): Promise<SignedAcceptance> {
  const message = { spender: walletSpender(spender), account, accepted, signedAt };
  const typedData = acceptanceTypedData(deployment, message);
  const by = walletAccount(wallet);
  const signature = await askWallet(() => wallet.signTypedData({ account: by, ...typedData }));
  const copy = { id: hashTypedData(typedData), by: by.address, deployment, signature };
  await keepCopy(copies, { ...copy, kind: "acceptance", spender, account, accepted, signedAt });
  return { spender, account, signedAt, signature };
}
