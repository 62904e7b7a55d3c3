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
  /** Reads the provider's newest receipt, as it was signed so far; `null` before the first. */
  latest(provider: Address): Promise<SignedReceipt | null>;
  /**
   * Keeps signatures of a receipt, each in place of the signer's last one for the provider. Returns
   * false if the provider has another receipt by now.
   */
  keep(message: EarningsReceiptMessage, signatures: readonly SignerSignature[]): Promise<boolean>;
}

export interface ReceiptStore {
  /**
   * Issues a receipt of the provider's current earnings, signed by this server's signers, and by
   * others if it was issued before and they have signed it since.
   */
  issue(provider: Address): Promise<SignedReceipt>;
}

export function isSameReceipt(a: EarningsReceiptMessage, b: EarningsReceiptMessage): boolean {
  return a.provider === b.provider && a.earned === b.earned && a.epoch === b.epoch;
}
