import type { Address, Hex } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** An account's owner revokes an issuing key for good, and perhaps all that it issued. */
export interface IssuingKeyRevocationMessage {
  readonly account: Address;
  readonly keyHash: Hex;
  /** also revokes the grants that the key issued, and closes its codes */
  readonly revokesGrants: boolean;
}

export function issuingKeyRevocationTypedData(
  deployment: Deployment,
  message: IssuingKeyRevocationMessage,
) {
  return {
    domain: signingDomain(deployment),
    types: {
      IssuingKeyRevocation: [
        { name: "account", type: "address" },
        { name: "keyHash", type: "bytes32" },
        { name: "revokesGrants", type: "bool" },
      ],
    },
    primaryType: "IssuingKeyRevocation",
    message,
  } as const;
}
