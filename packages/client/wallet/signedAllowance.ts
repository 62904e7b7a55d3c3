import type { Hex, WalletClient } from "viem";
import { bytesToBigInt, hashTypedData } from "viem";

import {
  type AllowanceMessage,
  type Scope,
  allowanceTypedData,
  scopeHash,
} from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { usable } from "../errors/usable.ts";
import { walletAccount } from "../chain/walletAccount.ts";
import { type SignedCopies, keepCopy, memoryCopies } from "./copies.ts";
import { type Period, periodOf } from "./period.ts";
import { askWallet } from "./signing.ts";

/**
 * The highest `accountCap`: all that is ever bought for the account. `limit` still bounds what the
 * spender may spend, and no row may charge more than was bought (decision 0129).
 */
export const WHOLE_ACCOUNT = 2n ** 64n - 1n;

/** The owner's choices for an allowance; optional ones have defaults. */
export interface AllowanceOptions {
  readonly spender: SpenderId;
  /** micro-credits that this spender may spend: in each period, or once without a period */
  readonly limitMicros: bigint;
  /**
   * Micro-credits: the highest total that the account may be charged, ever and by all its spenders
   * together. The default, `WHOLE_ACCOUNT`, never refuses because of other keys or top-ups. A lower
   * cap bounds what a dishonest operator can take, and ends this allowance as soon as the account
   * has spent so much by any key: choose it for the account, and sign it in every allowance.
   */
  readonly accountCapMicros?: bigint;
  /** the account's counter on chain */
  readonly counter: bigint;
  /** Renews the limit. Without a period it counts once. Months begin at `startsAt`, in UTC. */
  readonly period?: Period;
  readonly rolloverMicros?: bigint;
  readonly startsAt?: bigint;
  /** seconds since 1970; 0 = never */
  readonly expiresAt?: bigint;
  readonly priority?: number;
  readonly scope?: Scope;
}

/** A signed allowance with the scope behind its hash, as `POST /v1/allowances` takes it. */
export interface SignedAllowance {
  readonly allowance: AllowanceMessage;
  readonly scope: Scope;
  readonly signature: Hex;
}

/**
 * Asks the wallet to sign an allowance of its credits to a spender, and keeps a copy. Rejects if the
 * wallet has no account or its user declines.
 */
export async function signAllowance(
  wallet: WalletClient,
  deployment: Deployment,
  options: AllowanceOptions,
  copies: SignedCopies = memoryCopies,
): Promise<SignedAllowance> {
  const scope = options.scope ?? { providers: [], meters: [] };
  const account = walletAccount(wallet);
  const allowance: AllowanceMessage = {
    account: account.address,
    spender: options.spender,
    limit: options.limitMicros,
    period: periodOf(options.period),
    rollover: options.rolloverMicros ?? 0n,
    startsAt: options.startsAt ?? 0n,
    expiresAt: options.expiresAt ?? 0n,
    priority: options.priority ?? DEFAULT_PRIORITY,
    scope: usable(() => scopeHash(scope)),
    accountCap: options.accountCapMicros ?? WHOLE_ACCOUNT,
    counter: options.counter,
    salt: bytesToBigInt(crypto.getRandomValues(new Uint8Array(32))),
  };
  const typedData = allowanceTypedData(deployment, allowance);
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  const copy = { id: hashTypedData(typedData), by: account.address, deployment, signature };
  await keepCopy(copies, { ...copy, kind: "allowance", allowance, scope });
  return { allowance, scope, signature };
}

/** Asks the wallet to sign the revocation of one allowance, and keeps a copy. */
export async function signRevocation(
  wallet: WalletClient,
  deployment: Deployment,
  allowance: Hex,
  copies: SignedCopies = memoryCopies,
): Promise<Hex> {
  const account = walletAccount(wallet);
  const typedData = allowanceRevocationTypedData(deployment, { allowance });
  const signature = await askWallet(() => wallet.signTypedData({ account, ...typedData }));
  const copy = { id: hashTypedData(typedData), by: account.address, deployment, signature };
  await keepCopy(copies, { ...copy, kind: "revocation", allowance });
  return signature;
}

/** The middle of 0 to 255, so that other allowances can go before or after. */
const DEFAULT_PRIORITY = 128;
