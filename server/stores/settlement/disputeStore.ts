import type { Address, Hex } from "viem";
import type { CapProof } from "@compute-credits/platform/chain/chainWriter";

/** A question to a pending checkpoint: show a row of the account with no less than these numbers, and what covers it. */
export interface OpenChallenge {
  readonly account: Address;
  readonly challenger: Address;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  readonly deadline: Date;
}

export interface UnclassifiedSignature {
  /** the digest that was signed */
  readonly id: Hex;
  readonly account: Address;
  readonly signature: Hex;
}

/** What the meter answers challenges with. */
export interface DisputeStore {
  /** of a checkpoint; the most urgent first */
  openChallenges(checkpoint: bigint): Promise<readonly OpenChallenge[]>;
  /** The owner's highest ceiling of each counter that is no less than `spentMicros`, the newest counter first. */
  capsCovering(account: Address, spentMicros: bigint): Promise<readonly CapProof[]>;
  /** Signed allowances of which it is not known whether a key or a contract signed them. */
  unclassifiedSignatures(limit: number): Promise<readonly UnclassifiedSignature[]>;
  recordSignatureKinds(signings: readonly { id: Hex; byContract: boolean }[]): Promise<void>;
  /**
   * Ceilings that contract wallets signed, that are charged on, and that the court does not have on record: a wallet can
   * disown them later. One for an account.
   */
  capsToRecord(limit: number): Promise<readonly CapProof[]>;
  /** The open refund request that has waited longest. */
  oldestRefundRequest(): Promise<{ account: Address; requestedAt: Date } | null>;
  /** The open challenge whose deadline is next. */
  mostUrgentChallenge(): Promise<{ account: Address; deadline: Date } | null>;
}
