import type { Address, Hex } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/**
 * An account's owner registers the hash of a key that reads what the owner may read. The account's
 * counter does not void it: it spends nothing.
 */
export interface ViewKeyMessage {
  readonly account: Address;
  /** keccak-256 of the secret (`apiKeySpender`) */
  readonly keyHash: Hex;
  /** seconds since 1970; from then on the key reads nothing */
  readonly expiresAt: bigint;
}

export function viewKeyTypedData(deployment: Deployment, message: ViewKeyMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      ViewKey: [
        { name: "account", type: "address" },
        { name: "keyHash", type: "bytes32" },
        { name: "expiresAt", type: "uint64" },
      ],
    },
    primaryType: "ViewKey",
    message,
  } as const;
}
