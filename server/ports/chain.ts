import type { Address, Hex } from "viem";

import type { CheckpointMessage } from "../../protocol/checkpoint.ts";
import type { Deployment } from "../../protocol/domain.ts";
import type { Row } from "../../protocol/row.ts";
import type { BlockPoint } from "./chainBook.ts";
import type { SignerSignature } from "./checkpointBook.ts";

/** The terms that the contract was deployed with; they never change. */
export interface Terms {
  readonly token: Address;
  /** micro-credits per whole token */
  readonly creditMicrosPerToken: bigint;
  readonly maxFeeBps: bigint;
  readonly disputeWindowSeconds: number;
  readonly answerWindowSeconds: number;
  readonly refundWindowSeconds: number;
  readonly counterGraceSeconds: number;
}

/** What the server reads from the chain. */
export interface ChainReader {
  readonly deployment: Deployment;
  terms(): Promise<Terms>;
  /** how many signatures a checkpoint needs, now */
  threshold(): Promise<number>;
  isSigner(address: Address): Promise<boolean>;
  /** the block before the contract's own: nothing of it happened up to here */
  origin(): Promise<BlockPoint>;
  /** of the newest checkpoint on chain, final or not; 0 before the first */
  latestEpoch(): Promise<bigint>;
  /** where disputes are held */
  court(): Promise<Address>;
  /** Whether a wallet, or a contract (ERC-1271), signed the EIP-712 digest: exactly what the contract would accept. */
  isSignedBy(signer: Address, digest: Hex, signature: Hex): Promise<boolean>;
}

/** What the settler sends. Resolves when the transaction is in a block, rejects where it failed. */
export interface ChainWriter {
  submitCheckpoint(
    message: CheckpointMessage,
    signatures: readonly SignerSignature[],
  ): Promise<TransactionResult>;
  /** In one transaction; a row that cannot be settled does not stop the others. */
  settleMany(rows: readonly ProvenRow[]): Promise<TransactionResult>;
}

export interface ProvenRow {
  readonly row: Row;
  readonly proof: readonly Hex[];
}

export interface TransactionResult {
  readonly transactionHash: Hex;
  readonly gasUsed: bigint;
}
