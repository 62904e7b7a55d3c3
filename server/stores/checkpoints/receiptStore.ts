import type { Address } from "viem";

import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";

export interface SignedReceipt {
  readonly message: EarningsReceiptMessage;
  /** ascending by signer, as the court wants them */
  readonly signatures: readonly SignerSignature[];
}

export interface ReceiptRecords {
  /**
   * What the provider has earned as of now, and the first epoch whose checkpoint is sure to show it. From here on no event
   * that is in it can be taken back: else the promise could not be kept.
   */
  promise(provider: Address): Promise<EarningsReceiptMessage>;
}

export interface ReceiptStore {
  /** A receipt of all that the provider has earned as of now, signed by this server's signers. */
  issue(provider: Address): Promise<SignedReceipt>;
}
