import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** An account's owner signs this to issue grants and codes from its campaigns without a key. */
export interface CampaignAccessMessage {
  readonly account: Address;
  /** seconds since 1970; the request is valid for `CAMPAIGN_ACCESS_SECONDS` from then */
  readonly issuedAt: bigint;
}

export const CAMPAIGN_ACCESS_SECONDS = 300n;

export function campaignAccessTypedData(deployment: Deployment, message: CampaignAccessMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      CampaignAccess: [
        { name: "account", type: "address" },
        { name: "issuedAt", type: "uint64" },
      ],
    },
    primaryType: "CampaignAccess",
    message,
  } as const;
}
