import type { Address, Hex } from "viem";

import type { CheckpointStatus } from "@compute-credits/rules/log/checkpointStatus";
import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";

/** What a metering server announces. */
export interface AnnouncedTerms {
  readonly deployment: Deployment;
  readonly feeBps: bigint;
  readonly maxQuoteSeconds: number;
}

/** A checkpoint, as a server says that it was cut. */
export interface PublishedCut {
  readonly id: bigint;
  readonly message: CheckpointMessage;
  readonly status: CheckpointStatus;
  readonly snapshot: string | null;
}

export interface SourcePage {
  readonly entries: readonly LogEntry[];
  readonly upTo: string;
  readonly next: string | null;
}

/** A metering server, as an auditor sees it: nothing that it says is believed. */
export interface LogSource {
  terms(): Promise<AnnouncedTerms>;
  /** oldest first */
  cuts(after: bigint): Promise<readonly PublishedCut[]>;
  page(
    window: { since: string | null; upTo: string | null },
    cursor: string | null,
  ): Promise<SourcePage>;
  /** the table of a checkpoint, in the order of its places */
  rows(epoch: bigint): Promise<readonly Row[]>;
  cosign(epoch: bigint, signed: { root: Hex; signer: Address; signature: Hex }): Promise<void>;
}
