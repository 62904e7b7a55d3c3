import { type Deployment, signingDomain } from "./domain.ts";
import type { ProviderAccessMessage } from "./providerAccess.ts";

/**
 * A spending wallet ends a provider's access for good. The holder of an API key ends it by sending
 * the key instead.
 */
export function providerAccessRevocationTypedData(
  deployment: Deployment,
  message: ProviderAccessMessage,
) {
  return {
    domain: signingDomain(deployment),
    types: {
      ProviderAccessRevocation: [
        { name: "spender", type: "address" },
        { name: "provider", type: "address" },
      ],
    },
    primaryType: "ProviderAccessRevocation",
    message,
  } as const;
}
