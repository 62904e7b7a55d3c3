import type { Address, Hex } from "viem";

/** A transaction that may have left this server. */
export interface TransactionAttempt {
  readonly hash: Hex;
  readonly wallet: Address;
  readonly nonce: bigint;
  /** attempts at the same call differ in their fees alone */
  readonly callHash: Hex;
  /** for people */
  readonly purpose: string;
  /** wei */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

export interface TransactionStore {
  /** Keeps an attempt before it leaves. */
  keep(attempt: TransactionAttempt): Promise<void>;
  /** all that were made with this nonce, the latest last */
  ofNonce(wallet: Address, nonce: bigint): Promise<readonly TransactionAttempt[]>;
}
