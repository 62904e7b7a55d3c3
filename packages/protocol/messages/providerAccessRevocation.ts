import { type Deployment, signingDomain } from "./domain.ts";
import type { ProviderAccessMessage } from "./providerAccess.ts";

/** A spending wallet no longer lets a provider bill it, for good. (The holder of an API key shows the key instead.) */
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
