import type { Address, Hex } from "viem";

import type { ProvenRow } from "@compute-credits/platform/chain/chainWriter";
import type { CheckpointStatus } from "@compute-credits/rules/log/checkpointStatus";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Row } from "@compute-credits/protocol/tree/row";

export interface StoredCheckpoint {
  readonly id: bigint;
  readonly message: CheckpointMessage;
  readonly partyCount: number;
  readonly status: CheckpointStatus;
  readonly finalAt: Date | null;
  /** of its submission, once that is confirmed */
  readonly transactionHash: Hex | null;
  /** by signer, ascending, as the contract wants them */
  readonly signatures: readonly SignerSignature[];
  /** the meter has decided to sign it: no other of its epoch may be signed until the chain drops it */
  readonly isSigning: boolean;
}

export interface CheckpointStore {
  /**
   * Takes one consistent snapshot of all rows, without stopping debits, and stores it as the next checkpoint.
   * `null` where nothing changed since the last one, or where the last one is not final yet.
   */
  cut(maxFeeBps: bigint): Promise<StoredCheckpoint | null>;
  /** the newest that counts: neither dropped nor abandoned */
  latest(): Promise<StoredCheckpoint | null>;
  latestFinal(): Promise<StoredCheckpoint | null>;
  byEpoch(epoch: bigint): Promise<StoredCheckpoint | null>;
  /** newest first */
  list(page: { before: bigint | null; limit: number }): Promise<readonly StoredCheckpoint[]>;
  /** all rows of a checkpoint, in the order of the tree */
  rows(id: bigint): Promise<readonly Row[]>;
  /** The rows of these parties in a checkpoint, with what proves them. Whoever has no row is left out. */
  proofs(id: bigint, parties: readonly Address[]): Promise<readonly ProvenRow[]>;
  /**
   * Rows of a final checkpoint that serve a refund: those with refunds that the contract has not paid yet, and those of
   * an open request which tell it that less is due, because the rest was spent. At most `limit`.
   */
  refundRows(id: bigint, limit: number): Promise<readonly Row[]>;
  /**
   * Rows of a final checkpoint that would move at least `minMicros` on chain, what was spent before what was earned, and
   * the largest first. At most `limit`.
   */
  rowsWorthSettling(id: bigint, minMicros: bigint, limit: number): Promise<readonly Row[]>;
}
