import { type Address, type Hex, hashTypedData } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** A payer lets a keeper buy credits for an account, within these limits. The vault enforces them. */
export interface TopUpPolicyMessage {
  /** who receives the credits */
  readonly account: Address;
  /** whose tokens pay; it has approved the vault */
  readonly payer: Address;
  /** who may trigger a top-up */
  readonly keeper: Address;
  readonly creditMicrosPerTopUp: bigint;
  readonly maxCreditMicrosPerPeriod: bigint;
  /** seconds, counted from `startsAt`; zero makes the whole life one period */
  readonly periodSeconds: bigint;
  /** seconds since 1970 */
  readonly startsAt: bigint;
  /** seconds since 1970; from then on it buys nothing */
  readonly expiresAt: bigint;
  /** tells policies apart that are otherwise equal */
  readonly salt: bigint;
}

export function topUpPolicyTypedData(deployment: Deployment, message: TopUpPolicyMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      TopUpPolicy: [
        { name: "account", type: "address" },
        { name: "payer", type: "address" },
        { name: "keeper", type: "address" },
        { name: "creditMicrosPerTopUp", type: "uint64" },
        { name: "maxCreditMicrosPerPeriod", type: "uint64" },
        { name: "periodSeconds", type: "uint64" },
        { name: "startsAt", type: "uint64" },
        { name: "expiresAt", type: "uint64" },
        { name: "salt", type: "uint256" },
      ],
    },
    primaryType: "TopUpPolicy",
    message,
  } as const;
}

/** The policy's EIP-712 digest, by which the vault knows it. */
export function topUpPolicyId(deployment: Deployment, message: TopUpPolicyMessage): Hex {
  return hashTypedData(topUpPolicyTypedData(deployment, message));
}
