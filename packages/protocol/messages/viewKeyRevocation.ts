import type { Address, Hex } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** An account's owner revokes a view key for good. */
export interface ViewKeyRevocationMessage {
  readonly account: Address;
  readonly keyHash: Hex;
}

export function viewKeyRevocationTypedData(
  deployment: Deployment,
  message: ViewKeyRevocationMessage,
) {
  return {
    domain: signingDomain(deployment),
    types: {
      ViewKeyRevocation: [
        { name: "account", type: "address" },
        { name: "keyHash", type: "bytes32" },
      ],
    },
    primaryType: "ViewKeyRevocation",
    message,
  } as const;
}
