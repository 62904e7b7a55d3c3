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
  /** the submission's transaction, once it is confirmed */
  readonly transactionHash: Hex | null;
  /** ascending by signer, as the contract requires */
  readonly signatures: readonly SignerSignature[];
  /** signing has begun: no other checkpoint of this epoch may be signed until the chain drops it */
  readonly isSigning: boolean;
}

/** Which rows of a checkpoint to read. */
export interface RowQuery {
  readonly limit: number;
  /** parties to leave out */
  readonly except?: readonly Address[];
  /** leaves out what only spending would move: a vault with a limit settles it with its cover */
  readonly withoutSpending?: boolean;
}

/** A row whose spending is not settled on chain. */
export interface UncoveredRow extends Row {
  /** must be covered now: its cap ends soon, or a refund of its party is due */
  readonly isUrgent: boolean;
}

export interface CheckpointStore {
  /**
   * Stores one consistent snapshot of all rows as the next checkpoint, without stopping debits.
   * Returns `null` if nothing changed since the last one, or if the last one is not final yet.
   */
  cut(maxFeeBps: bigint): Promise<StoredCheckpoint | null>;
  /** Reads the newest checkpoint that is neither dropped nor abandoned. */
  latest(): Promise<StoredCheckpoint | null>;
  latestFinal(): Promise<StoredCheckpoint | null>;
  byEpoch(epoch: bigint): Promise<StoredCheckpoint | null>;
  /** Whether this ledger ever cut the root for the epoch, dropped and abandoned ones included. */
  isKnown(epoch: bigint, root: Hex): Promise<boolean>;
  /** Lists checkpoints, newest first, below the id `before`. */
  list(page: { before: bigint | null; limit: number }): Promise<readonly StoredCheckpoint[]>;
  /** Reads all rows of a checkpoint, in tree order. Throws a `RangeError` if it does not exist. */
  rows(id: bigint): Promise<readonly Row[]>;
  /**
   * Reads the rows of these parties with their Merkle proofs. Parties without a row are left out.
   */
  proofs(id: bigint, parties: readonly Address[]): Promise<readonly ProvenRow[]>;
  /**
   * Reads rows of a final checkpoint that serve a refund. These are rows with unpaid refunds, and
   * rows of open requests that reduce what is due because credits were spent. Oldest request first,
   * at most `limit`.
   */
  refundRows(id: bigint, query: RowQuery): Promise<readonly Row[]>;
  /**
   * Reads rows of a final checkpoint that would settle at least `minMicros` on chain. Spending
   * comes before earnings, the largest first, at most `limit`.
   */
  rowsWorthSettling(id: bigint, minMicros: bigint, query: RowQuery): Promise<readonly Row[]>;
  /**
   * Reads rows of a final checkpoint whose spending is not settled, at most `limit`: first those of
   * parties with an open refund request or a counter that ended within the grace, then the largest
   * unsettled spending first.
   */
  rowsToCover(
    id: bigint,
    query: RowQuery & { readonly counterGraceSeconds: number },
  ): Promise<readonly UncoveredRow[]>;
}

/** What requests read of checkpoints. */
export type CheckpointReads = Pick<
  CheckpointStore,
  "latest" | "latestFinal" | "byEpoch" | "list" | "rows" | "proofs"
>;
