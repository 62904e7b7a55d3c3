import type { Address, Hex } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** A provider's wallet signs the hash of the key that its nodes report usage with; the secret never leaves them. */
export interface ProviderKeyMessage {
  readonly provider: Address;
  /** `apiKeySpender` of the secret: keccak-256 */
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
