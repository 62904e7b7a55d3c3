import { type Address, type WalletClient, bytesToBigInt } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import {
  type TopUpPolicyMessage,
  topUpPolicyTypedData,
} from "@compute-credits/protocol/messages/topUpPolicy";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { walletAccount } from "../chain/walletAccount.ts";
import { askWallet } from "./signing.ts";

/** What a payer lets a keeper buy. */
export interface TopUpPolicyOptions {
  /** from `readTopUpPolicies` */
  readonly keeper: Address;
  readonly creditMicrosPerTopUp: bigint;
  readonly maxCreditMicrosPerPeriod: bigint;
  /** zero makes the policy's whole life one period */
  readonly periodSeconds: bigint;
  /** seconds since 1970 */
  readonly expiresAt: bigint;
  /** seconds since 1970; at once, if absent */
  readonly startsAt?: bigint;
  /** who receives the credits; the wallet itself, if absent */
  readonly account?: Address;
  /** a random one, if absent */
  readonly salt?: bigint;
}

export interface SignedTopUpPolicy {
  readonly policy: TopUpPolicyMessage;
  readonly signature: `0x${string}`;
}

/** 31 bytes stay within 77 digits. */
const SALT_BYTES = 31;

/** Asks the payer's wallet to sign a policy. It has to approve the vault, too. */
export async function signTopUpPolicy(
  wallet: WalletClient,
  deployment: Deployment,
  options: TopUpPolicyOptions,
): Promise<SignedTopUpPolicy> {
  const payer = walletAccount(wallet);
  const policy: TopUpPolicyMessage = {
    account: lowercaseHex(options.account ?? payer.address),
    payer: lowercaseHex(payer.address),
    keeper: lowercaseHex(options.keeper),
    creditMicrosPerTopUp: options.creditMicrosPerTopUp,
    maxCreditMicrosPerPeriod: options.maxCreditMicrosPerPeriod,
    periodSeconds: options.periodSeconds,
    startsAt: options.startsAt ?? 0n,
    expiresAt: options.expiresAt,
    salt: options.salt ?? bytesToBigInt(crypto.getRandomValues(new Uint8Array(SALT_BYTES))),
  };
  const typedData = topUpPolicyTypedData(deployment, policy);
  const signature = await askWallet(() => wallet.signTypedData({ account: payer, ...typedData }));
  return { policy, signature };
}
