import type { Hex } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** The account's owner revokes one allowance. `revokeAll()` on chain revokes all of them. */
export function allowanceRevocationTypedData(deployment: Deployment, message: { allowance: Hex }) {
  return {
    domain: signingDomain(deployment),
    types: { AllowanceRevocation: [{ name: "allowance", type: "bytes32" }] },
    primaryType: "AllowanceRevocation",
    message,
  } as const;
}
