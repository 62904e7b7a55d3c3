import type { Address, Hex } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";

/**
 * The chain refused a call: it would revert or run out of gas, or it did. Another call may pass. All
 * other errors (no endpoint, fees too high) concern every call.
 */
export class CallRefusedError extends Error {
  override readonly name = "CallRefusedError";
}

/**
 * Sends the settler's transactions. Each method resolves when the transaction is in a block, and
 * rejects if it fails.
 */
export interface ChainWriter {
  submitCheckpoint(
    message: CheckpointMessage,
    signatures: readonly SignerSignature[],
  ): Promise<TransactionResult>;
  /** Settles rows of a final epoch in one transaction; the contract skips rows it cannot settle. */
  settleMany(rows: readonly ProvenRow[], epoch: bigint): Promise<TransactionResult>;
  /**
   * Records with the court how much of a final row's spending the counter's cap covers, and settles
   * the row. The row is one of the last final checkpoint.
   */
  coverSpending(shown: ProvenRow, counter: bigint): Promise<TransactionResult>;
  /** Records an owner's account cap in the court. */
  recordCap(allowance: CapProof): Promise<TransactionResult>;
  /**
   * Answers a challenge with a row of the pending checkpoint and the cap recorded for `counter`.
   */
  answer(challenger: Address, shown: ProvenRow, counter: bigint): Promise<TransactionResult>;
  /**
   * Answers a challenge without a cap: `shown` is the account's row of the pending checkpoint, and
   * charges no more than `final`, its row of the last final one.
   */
  answerWithFinalRow(
    challenger: Address,
    shown: ProvenRow,
    final: ProvenRow,
  ): Promise<TransactionResult>;
}

/** A signed allowance that proves an account cap to the court. */
export interface CapProof {
  readonly message: AllowanceMessage;
  readonly signature: Hex;
}

/** A row with the sibling hashes up to the checkpoint's root. */
export interface ProvenRow {
  readonly row: Row;
  readonly proof: readonly Hex[];
}

export interface TransactionResult {
  readonly transactionHash: Hex;
  readonly gasUsed: bigint;
}
