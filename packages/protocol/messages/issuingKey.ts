import { type Address, type Hex, zeroHash } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** An account's owner registers the hash of a key that issues grants and codes for it. */
export interface IssuingKeyMessage {
  readonly account: Address;
  /** keccak-256 of the secret (`apiKeySpender`) */
  readonly keyHash: Hex;
  /** the only campaign that the key issues from; `ANY_CAMPAIGN` for all of the account */
  readonly campaign: Hex;
  /** the account's counter on chain: raising it voids the key, as it voids allowances */
  readonly counter: bigint;
}

export const ANY_CAMPAIGN: Hex = zeroHash;

export function issuingKeyTypedData(deployment: Deployment, message: IssuingKeyMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      IssuingKey: [
        { name: "account", type: "address" },
        { name: "keyHash", type: "bytes32" },
        { name: "campaign", type: "bytes32" },
        { name: "counter", type: "uint64" },
      ],
    },
    primaryType: "IssuingKey",
    message,
  } as const;
}
