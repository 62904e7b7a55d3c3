import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** What a provider's wallet says of the provider, for those who choose one. Public. */
export interface ProviderProfileMessage {
  readonly provider: Address;
  readonly name: string;
  /** https URLs where customers send requests */
  readonly endpoints: readonly string[];
  /** such as `eu-west-1`, in the provider's own words */
  readonly regions: readonly string[];
  /** such as `8 x H100 SXM`, in the provider's own words */
  readonly hardware: readonly string[];
  /** an https URL of the provider's terms; empty for none */
  readonly terms: string;
  /** whether the market shows the provider */
  readonly listed: boolean;
  /** seconds since 1970: the version, of which the latest is in force */
  readonly issuedAt: bigint;
}

export function providerProfileTypedData(deployment: Deployment, message: ProviderProfileMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      ProviderProfile: [
        { name: "provider", type: "address" },
        { name: "name", type: "string" },
        { name: "endpoints", type: "string[]" },
        { name: "regions", type: "string[]" },
        { name: "hardware", type: "string[]" },
        { name: "terms", type: "string" },
        { name: "listed", type: "bool" },
        { name: "issuedAt", type: "uint64" },
      ],
    },
    primaryType: "ProviderProfile",
    message,
  } as const;
}
