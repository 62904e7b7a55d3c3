import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { LogSegment } from "@compute-credits/rules/log/logChain";

export interface PublishedSegment extends LogSegment {
  readonly publishedAt: Date;
  /** of its head; only newest heads are signed */
  readonly signatures: readonly SignerSignature[];
}

/** The published log. Publishing reads what debits have committed, and never delays them. */
export interface LogSegmentStore {
  /** Adds what was logged since the last segment. Returns `null` if that is nothing. */
  publish(): Promise<LogSegment | null>;
  newest(): Promise<PublishedSegment | null>;
  /** Lists segments, oldest first, after a number. */
  list(after: bigint, limit: number): Promise<readonly PublishedSegment[]>;
  /** Keeps a signature of a segment's head. */
  addSignature(segment: bigint, signed: SignerSignature): Promise<void>;
}
