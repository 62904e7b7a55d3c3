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

/** A signed allowance whose signer may be a plain key or a contract wallet. */
export interface UnclassifiedSignature {
  /** the digest that was signed */
  readonly id: Hex;
  readonly account: Address;
  readonly signature: Hex;
}

/** Reads what the settler needs to answer challenges and to keep refunds on time. */
export interface DisputeStore {
  /** Lists a checkpoint's open challenges, the earliest deadline first, at most `limit`. */
  openChallenges(checkpoint: bigint, limit: number): Promise<readonly OpenChallenge[]>;
  /** Lists the account's counters with a recorded cap of at least `spentMicros`, newest first. */
  recordedCounters(account: Address, spentMicros: bigint): Promise<readonly bigint[]>;
  /**
   * Lists the account's allowance with the highest cap of each counter, if it covers `spentMicros`.
   * Newest counter first.
   */
  capsCovering(account: Address, spentMicros: bigint): Promise<readonly CapProof[]>;
  /** Lists signed allowances that are not classified yet as signed by a key or by a contract. */
  unclassifiedSignatures(limit: number): Promise<readonly UnclassifiedSignature[]>;
  /** Records for each allowance whether a contract signed it. */
  recordSignatureKinds(signings: readonly { id: Hex; byContract: boolean }[]): Promise<void>;
  /**
   * Lists caps of contract wallets that charges rely on but that are not recorded on chain. The
   * wallet could disown them later. One per account.
   */
  capsToRecord(limit: number): Promise<readonly CapProof[]>;
  /** Finds the oldest open refund request. */
  oldestRefundRequest(): Promise<{ account: Address; requestedAt: Date } | null>;
  /** Finds the open challenge with the earliest deadline. */
  mostUrgentChallenge(): Promise<{ account: Address; deadline: Date } | null>;
}
