import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** The EIP-712 type of an earnings receipt, as in `Court.sol`. */
export const EARNINGS_RECEIPT_TYPES = {
  EarningsReceipt: [
    { name: "provider", type: "address" },
    { name: "earned", type: "uint64" },
    { name: "epoch", type: "uint64" },
  ],
} as const;

/** The signers promise that each checkpoint from `epoch` on shows at least `earned`. */
export interface EarningsReceiptMessage {
  readonly provider: Address;
  /** micro-credits, cumulative */
  readonly earned: bigint;
  readonly epoch: bigint;
}

/**
 * The typed data that the signers sign. The court drops a checkpoint that shows less
 * (`challengeEarnings`).
 */
export function earningsReceiptTypedData(deployment: Deployment, message: EarningsReceiptMessage) {
  return {
    domain: signingDomain(deployment),
    types: EARNINGS_RECEIPT_TYPES,
    primaryType: "EarningsReceipt",
    message,
  } as const;
}
