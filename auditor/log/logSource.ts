import type { Address, Hex } from "viem";

import type { CheckpointStatus } from "@compute-credits/rules/log/checkpointStatus";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";

/** The terms that a metering server announces. */
export interface AnnouncedTerms {
  readonly deployment: Deployment;
  readonly feeBps: bigint;
  readonly maxQuoteSeconds: number;
  /** of the contract; `null` from an older server */
  readonly deploymentBlock: bigint | null;
}

/** A checkpoint as a server published it. */
export interface PublishedCut {
  /** ascending in the order in which the server cut them */
  readonly id: bigint;
  readonly message: CheckpointMessage;
  readonly status: CheckpointStatus;
  /** the PostgreSQL snapshot of the cut; `null` if it is older than the log */
  readonly snapshot: string | null;
}

/**
 * The entries that an auditor asks for at once. The next page is read, and the one before is saved,
 * while one is replayed: larger pages would be waited for longer at both ends of a checkpoint.
 */
export const PAGE_ENTRIES = 2_000;

/** A page of the log. */
export interface SourcePage {
  readonly entries: readonly LogEntry[];
  /** the snapshot at the end of the window */
  readonly upTo: string;
  /** the cursor of the next page; `null` on the last page */
  readonly next: string | null;
}

/** Reads a metering server. The auditor trusts none of its answers. */
export interface LogSource {
  terms(): Promise<AnnouncedTerms>;
  /** the checkpoints with ids above `after`, oldest first */
  cuts(after: bigint): Promise<readonly PublishedCut[]>;
  /**
   * The entries visible to the snapshot `upTo` (`null` = now) but not to `since` (`null` = all).
   * `seen` is the transaction of an entry that the log must have: a server whose database went back
   * refuses, and stops metering.
   */
  page(
    window: { since: string | null; upTo: string | null },
    cursor: string | null,
    seen?: bigint | null,
  ): Promise<SourcePage>;
  /** the rows of a checkpoint, in the order of their places */
  rows(epoch: bigint): Promise<readonly Row[]>;
  /** sends this auditor's signature of a receipt; `replaced` if the provider has a later one by now */
  cosignReceipt(
    message: EarningsReceiptMessage,
    signed: SignerSignature,
  ): Promise<"taken" | "replaced">;
  /** sends this auditor's signature of a checkpoint */
  cosign(epoch: bigint, signed: { root: Hex; signer: Address; signature: Hex }): Promise<void>;
}
