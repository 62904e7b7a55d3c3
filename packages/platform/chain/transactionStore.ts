import type { Address, Hex } from "viem";

/** A transaction that this server may have sent. */
export interface TransactionAttempt {
  readonly hash: Hex;
  readonly wallet: Address;
  readonly nonce: bigint;
  /** identifies the call; attempts at the same call differ only in their fees */
  readonly callHash: Hex;
  /** for logs and errors */
  readonly purpose: string;
  /** wei per unit of gas */
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Records the settler's attempts, so that a later one can replace them, even after a crash. */
export interface TransactionStore {
  /** Records an attempt before it is sent. */
  record(attempt: TransactionAttempt): Promise<void>;
  /** all attempts with this nonce, oldest first */
  attemptsOf(wallet: Address, nonce: bigint): Promise<readonly TransactionAttempt[]>;
}
