import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** The EIP-712 type of a receipt, as the contract's court has it. */
export const EARNINGS_RECEIPT_TYPES = {
  EarningsReceipt: [
    { name: "provider", type: "address" },
    { name: "earned", type: "uint64" },
    { name: "epoch", type: "uint64" },
  ],
} as const;

/** The signers' promise: every checkpoint from `epoch` on shows at least `earned` for the provider. */
export interface EarningsReceiptMessage {
  readonly provider: Address;
  /** micro-credits, cumulative */
  readonly earned: bigint;
  readonly epoch: bigint;
}

/** What the signers sign. A checkpoint that falls short of it is dropped: see the court's `challengeEarnings`. */
export function earningsReceiptTypedData(deployment: Deployment, message: EarningsReceiptMessage) {
  return {
    domain: signingDomain(deployment),
    types: EARNINGS_RECEIPT_TYPES,
    primaryType: "EarningsReceipt",
    message,
  } as const;
}
