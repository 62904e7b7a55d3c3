import type { Address } from "viem";

/** A refund that an account asked for, and the contract has not paid. */
export interface OpenRefund {
  readonly account: Address;
  readonly requestedMicros: bigint;
  readonly requestedAt: Date;
}

/** A challenge without an answer. */
export interface DueChallenge {
  readonly account: Address;
  readonly challenger: Address;
  readonly deadline: Date;
}

/** What the operator has to do by a deadline. Times are the chain's. */
export interface DutyStore {
  /** Lists the first of each by its deadline, at most `limit`, and counts all. */
  open(limit: number): Promise<{
    readonly refunds: readonly OpenRefund[];
    readonly refundCount: number;
    readonly challenges: readonly DueChallenge[];
    readonly challengeCount: number;
  }>;
}
