import type { Address, Hex } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { ProvenRow } from "./chain.ts";

export type CheckpointStatus =
  /** cut: it waits for signatures, or is on its way to the chain */
  | "prepared"
  /** on chain, in its dispute window */
  | "pending"
  /** on chain, its rows can be settled */
  | "final"
  /** vetoed or disproved on chain; its epoch is used again */
  | "dropped"
  /** given up before the meter signed it, and cut anew */
  | "abandoned";

export interface SignerSignature {
  readonly signer: Address;
  readonly signature: Hex;
}

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

export interface CheckpointBook {
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
   * Rows of a final checkpoint that would move at least `leastMicros` on chain, what was spent before what was earned, and
   * the largest first. At most `limit`.
   */
  worthRows(id: bigint, leastMicros: bigint, limit: number): Promise<readonly Row[]>;
}
