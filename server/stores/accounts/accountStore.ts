import type { Address } from "viem";

import type { Account } from "@compute-credits/rules/accounts/account";

/** The whole position of one address, in micro-credits. */
export interface Balance extends Account {
  /** earned as a provider, net of the fee */
  readonly earned: bigint;
  /** what the contract has settled so far; the rest follows with later checkpoints */
  readonly settled: Settled;
}

/** Cumulative amounts that the contract has applied, in micro-credits. */
export interface Settled {
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

export interface AccountStore {
  /** Returns zeros for an unknown address. */
  balance(address: Address): Promise<Balance>;
}
