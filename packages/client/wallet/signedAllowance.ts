import type { Hex, WalletClient } from "viem";
import { bytesToBigInt } from "viem";

import {
  type AllowanceMessage,
  type Scope,
  allowanceTypedData,
  scopeHash,
} from "@compute-credits/protocol/messages/allowance";
import { allowanceRevocationTypedData } from "@compute-credits/protocol/messages/allowanceRevocation";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { calendarMonths } from "@compute-credits/protocol/messages/period";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { walletAccount } from "../chain/walletAccount.ts";

/** What an owner decides; all else has a default. */
export interface AllowanceOptions {
  readonly spender: SpenderId;
  readonly limitMicros: bigint;
  /** The most that the account may ever have been charged in total, whoever spends: what is spent already, plus this. */
  readonly accountCapMicros: bigint;
  /** the account's counter on chain */
  readonly counter: bigint;
  /** The limit is given anew every so often; without it, once. Months begin on the day and time of `startsAt`, in UTC. */
  readonly period?: { readonly seconds: bigint } | { readonly months: number };
  readonly rolloverMicros?: bigint;
  readonly startsAt?: bigint;
  /** seconds since 1970; 0 = never */
  readonly expiresAt?: bigint;
  readonly priority?: number;
  readonly scope?: Scope;
}

export interface SignedAllowance {
  readonly allowance: AllowanceMessage;
  readonly scope: Scope;
  readonly signature: Hex;
}

/** Asks the wallet for its signature: an allowance of its own credits to a spender. */
export async function signAllowance(
  wallet: WalletClient,
  deployment: Deployment,
  options: AllowanceOptions,
): Promise<SignedAllowance> {
  const scope = options.scope ?? { providers: [], meters: [] };
  const allowance: AllowanceMessage = {
    account: walletAccount(wallet).address,
    spender: options.spender,
    limit: options.limitMicros,
    period: periodOf(options),
    rollover: options.rolloverMicros ?? 0n,
    startsAt: options.startsAt ?? 0n,
    expiresAt: options.expiresAt ?? 0n,
    priority: options.priority ?? DEFAULT_PRIORITY,
    scope: scopeHash(scope),
    accountCap: options.accountCapMicros,
    counter: options.counter,
    salt: bytesToBigInt(crypto.getRandomValues(new Uint8Array(32))),
  };
  const signature = await wallet.signTypedData({
    account: walletAccount(wallet),
    ...allowanceTypedData(deployment, allowance),
  });
  return { allowance, scope, signature };
}

/** The owner's word that the allowance is over. */
export async function signRevocation(
  wallet: WalletClient,
  deployment: Deployment,
  allowance: Hex,
): Promise<Hex> {
  return await wallet.signTypedData({
    account: walletAccount(wallet),
    ...allowanceRevocationTypedData(deployment, { allowance }),
  });
}

function periodOf({ period }: AllowanceOptions): bigint {
  if (period === undefined) return 0n;
  return "months" in period ? calendarMonths(period.months) : period.seconds;
}

/** The middle, so that others can be put before and after. */
const DEFAULT_PRIORITY = 128;
