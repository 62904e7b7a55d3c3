import type { Address, Hex } from "viem";
import type { CapProof } from "@compute-credits/platform/chain/chainWriter";

/**
 * A challenge of a pending checkpoint: the operator must prove a row with at least these numbers,
 * and its cover.
 */
export interface OpenChallenge {
  readonly account: Address;
  readonly challenger: Address;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  readonly deadline: Date;
}

/** An allowance of a contract wallet whose cap is not on record as far as is confirmed. */
export interface UnrecordedCap extends CapProof {
  readonly id: Hex;
}

/** Reads what the settler needs to answer challenges and to keep refunds on time. */
export interface DisputeStore {
  /** Lists a checkpoint's open challenges, the earliest deadline first, at most `limit`. */
  openChallenges(checkpoint: bigint, limit: number): Promise<readonly OpenChallenge[]>;
  /** Lists who challenged the account and has no answer yet, at most `limit`. */
  challengersOf(account: Address, limit: number): Promise<readonly Address[]>;
  /** Lists the account's counters with a recorded cap of at least `spentMicros`, newest first. */
  recordedCounters(account: Address, spentMicros: bigint): Promise<readonly bigint[]>;
  /**
   * Lists the account's allowance with the highest cap of each counter, if it covers `spentMicros`.
   * Newest counter first.
   */
  capsCovering(account: Address, spentMicros: bigint): Promise<readonly CapProof[]>;
  /**
   * Lists caps of contract wallets that are worth recording: one per account, the best worth first.
   * A recording is worth the credits of the account that it makes spendable. Leaves out what
   * `noteCapAttempt` lets wait.
   */
  capsToRecord(query: { limit: number; worthMicros: bigint }): Promise<readonly UnrecordedCap[]>;
  /**
   * Lets an allowance wait that the settler has tried to record. After a failure its whole account
   * waits, twice as long each time, up to a day: so no account delays another, however many
   * allowances it has.
   */
  noteCapAttempt(allowance: Hex, outcome: "recorded" | "failed"): Promise<void>;
  /** Finds the oldest open refund request. */
  oldestRefundRequest(): Promise<{ account: Address; requestedAt: Date } | null>;
  /** Finds the open challenge with the earliest deadline. */
  mostUrgentChallenge(): Promise<{ account: Address; deadline: Date } | null>;
}
