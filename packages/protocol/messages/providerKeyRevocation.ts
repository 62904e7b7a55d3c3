import { type Deployment, signingDomain } from "./domain.ts";
import type { ProviderKeyMessage } from "./providerKey.ts";

/** A provider's wallet revokes a key of its nodes for good. */
export function providerKeyRevocationTypedData(
  deployment: Deployment,
  message: ProviderKeyMessage,
) {
  return {
    domain: signingDomain(deployment),
    types: {
      ProviderKeyRevocation: [
        { name: "provider", type: "address" },
        { name: "keyHash", type: "bytes32" },
      ],
    },
    primaryType: "ProviderKeyRevocation",
    message,
  } as const;
}
