import type { Address, Hex } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/**
 * A provider's wallet registers the hash of the key that its nodes report usage with. The secret
 * never leaves the nodes.
 */
export interface ProviderKeyMessage {
  readonly provider: Address;
  /** keccak-256 of the secret (`apiKeySpender`) */
  readonly keyHash: Hex;
}

export function providerKeyTypedData(deployment: Deployment, message: ProviderKeyMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      ProviderKey: [
        { name: "provider", type: "address" },
        { name: "keyHash", type: "bytes32" },
      ],
    },
    primaryType: "ProviderKey",
    message,
  } as const;
}
