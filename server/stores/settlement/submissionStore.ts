import type { Address } from "viem";

import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";

/** A checkpoint that is cut and not on chain. */
export interface WaitingCheckpoint {
  readonly epoch: bigint;
  readonly seconds: number;
  readonly signers: readonly Address[];
}

/** Tracks a checkpoint from its cut to its submission on chain. */
export interface SubmissionStore {
  /**
   * Stores a co-signer's verified signature; a signer may send it again. Returns false if the
   * checkpoint no longer accepts signatures.
   */
  addSignature(id: bigint, signed: SignerSignature): Promise<boolean>;
  /**
   * Commits to sign a checkpoint; call it before the meter signs. Returns false if the checkpoint
   * was abandoned and must not be signed. After true, no other checkpoint of its epoch is signed
   * until the chain drops this one.
   */
  beginSigning(id: bigint): Promise<boolean>;
  /** Stores the meter's own signatures. Call it before they leave this server. */
  keepOwnSignatures(id: bigint, signatures: readonly SignerSignature[]): Promise<void>;
  /**
   * Abandons a checkpoint that is at least `afterSeconds` old, so that a new one can be cut.
   * Returns false if it is younger or if signing has begun.
   */
  abandon(id: bigint, afterSeconds: number): Promise<boolean>;
  /**
   * The checkpoint that waits for its submission, who has signed it, and how long its epoch has
   * waited, from the first cut that was not submitted; `null` if none waits.
   */
  waiting(): Promise<WaitingCheckpoint | null>;
  /** Whether the ledger has a signature of this signer. */
  hasSigned(signer: Address): Promise<boolean>;
  /**
   * Drops a checkpoint that was cut up to when the current signers took over at `signersSince` (Unix
   * seconds). The contract no longer accepts it. Returns false until the indexer has passed that
   * time, because it may already be on chain.
   */
  dropSuperseded(id: bigint, signersSince: bigint): Promise<boolean>;
}
