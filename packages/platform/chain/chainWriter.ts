import type { Address, Hex } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import type { AllowanceMessage } from "@compute-credits/protocol/messages/allowance";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";

/** What the settler sends. Resolves when the transaction is in a block, rejects where it failed. */
export interface ChainWriter {
  submitCheckpoint(
    message: CheckpointMessage,
    signatures: readonly SignerSignature[],
  ): Promise<TransactionResult>;
  /** Rows of a final epoch, in one transaction; one that cannot be settled does not stop the others. */
  settleMany(rows: readonly ProvenRow[], epoch: bigint): Promise<TransactionResult>;
  /** Records an owner's ceiling with the court. */
  recordCap(allowance: CapProof): Promise<TransactionResult>;
  /** Answers a challenge with a row of the pending checkpoint and the ceiling that is on record under `counter`. */
  answer(challenger: Address, shown: ProvenRow, counter: bigint): Promise<TransactionResult>;
}

/** What the court takes for an owner's ceiling. */
export interface CapProof {
  readonly message: AllowanceMessage;
  readonly signature: Hex;
}

export interface ProvenRow {
  readonly row: Row;
  readonly proof: readonly Hex[];
}

export interface TransactionResult {
  readonly transactionHash: Hex;
  readonly gasUsed: bigint;
}
