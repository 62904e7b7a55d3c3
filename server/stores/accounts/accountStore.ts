import type { Address } from "viem";

import type { Account } from "@compute-credits/rules/accounts/account";

/** Everything that one address has, in micro-credits. */
export interface Balance extends Account {
  /** as a provider, after the fee */
  readonly earned: bigint;
  /** what the contract has settled so far; the rest follows with the next checkpoint */
  readonly settled: Settled;
}

export interface Settled {
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

export interface AccountStore {
  /** Zeros for an address that was never heard of. */
  balance(address: Address): Promise<Balance>;
}
