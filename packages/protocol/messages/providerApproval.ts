import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** An operator lets a provider charge through its servers, or ends that. The newest one counts. */
export interface ProviderApprovalMessage {
  readonly provider: Address;
  /** false ends an approval */
  readonly approved: boolean;
  /** seconds since 1970; later than the last one about this provider */
  readonly issuedAt: bigint;
}

export function providerApprovalTypedData(
  deployment: Deployment,
  message: ProviderApprovalMessage,
) {
  return {
    domain: signingDomain(deployment),
    types: {
      ProviderApproval: [
        { name: "provider", type: "address" },
        { name: "approved", type: "bool" },
        { name: "issuedAt", type: "uint64" },
      ],
    },
    primaryType: "ProviderApproval",
    message,
  } as const;
}
