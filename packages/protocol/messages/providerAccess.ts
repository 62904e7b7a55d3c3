import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/**
 * A spending wallet lets one provider bill it. The holder of an API key grants access by giving the
 * provider the key.
 */
export interface ProviderAccessMessage {
  readonly spender: Address;
  readonly provider: Address;
}

export function providerAccessTypedData(deployment: Deployment, message: ProviderAccessMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      ProviderAccess: [
        { name: "spender", type: "address" },
        { name: "provider", type: "address" },
      ],
    },
    primaryType: "ProviderAccess",
    message,
  } as const;
}
