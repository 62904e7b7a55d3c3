import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";

/** What is kept of a checkpoint's way from the cut to the chain. */
export interface SubmissionStore {
  /**
   * Keeps a co-signer's signature, which has been checked. False where the checkpoint waits for none any more. A signer
   * may send it again.
   */
  addSignature(id: bigint, signed: SignerSignature): Promise<boolean>;
  /**
   * The decision to sign, before any signature of the meter is made. False where the checkpoint was given up: then
   * nothing may be signed. Once true, this checkpoint and no other is signed for its epoch, until the chain drops it.
   */
  beginSigning(id: bigint): Promise<boolean>;
  /** Keeps the meter's own signatures before they leave this server. */
  keepOwnSignatures(id: bigint, signatures: readonly SignerSignature[]): Promise<void>;
  /**
   * Gives up a checkpoint that was cut so long ago, so that it is cut anew. False where it is younger, or where the meter
   * has begun to sign it.
   */
  abandon(id: bigint, afterSeconds: number): Promise<boolean>;
  /**
   * Drops a checkpoint that was cut before its signers took over, so that it is cut anew: the contract takes it no more,
   * whoever signed it. False as long as the ledger has not read the chain up to that moment: it may be on chain already.
   */
  dropSuperseded(id: bigint, signersSince: bigint): Promise<boolean>;
}
