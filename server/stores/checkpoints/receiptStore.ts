import type { Address } from "viem";

import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import type { EarningsReceiptMessage } from "@compute-credits/protocol/messages/earningsReceipt";

export interface SignedReceipt {
  readonly message: EarningsReceiptMessage;
  /** ascending by signer, as the court requires */
  readonly signatures: readonly SignerSignature[];
}

export interface ReceiptRecords {
  /**
   * Records the provider's current earnings and the first epoch whose checkpoint must contain them.
   * From then on none of the counted events can be voided, so that the receipt stays true.
   */
  record(provider: Address): Promise<EarningsReceiptMessage>;
}

export interface ReceiptStore {
  /** Issues a receipt of the provider's current earnings, signed by this server's signers. */
  issue(provider: Address): Promise<SignedReceipt>;
}
