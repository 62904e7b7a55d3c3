import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";
import type { SpenderId } from "./spender.ts";

/**
 * A spending wallet says whether an account may pay for it. The holder of an API key sends the key
 * instead.
 */
export interface AcceptanceMessage {
  readonly spender: SpenderId;
  readonly account: Address;
  /** false ends an acceptance */
  readonly accepted: boolean;
  /** milliseconds since 1970; each message of a pair must be later than the one before */
  readonly signedAt: bigint;
}

export function acceptanceTypedData(deployment: Deployment, message: AcceptanceMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      Acceptance: [
        { name: "spender", type: "bytes32" },
        { name: "account", type: "address" },
        { name: "accepted", type: "bool" },
        { name: "signedAt", type: "uint64" },
      ],
    },
    primaryType: "Acceptance",
    message,
  } as const;
}
