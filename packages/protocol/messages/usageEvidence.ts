import { type Address, type Hex, encodeAbiParameters, keccak256 } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/** What a meter's key signs of one usage event or capture. No price depends on it. */
export interface UsageEvidenceMessage {
  readonly provider: Address;
  /** of the event, which no other event of the provider has */
  readonly eventId: string;
  /** as the event has it, in units of its meter */
  readonly quantity: bigint;
  /** JSON, as it is sent: see `EvidenceContent` */
  readonly content: string;
}

export function usageEvidenceTypedData(deployment: Deployment, message: UsageEvidenceMessage) {
  return {
    domain: signingDomain(deployment),
    types: {
      UsageEvidence: [
        { name: "provider", type: "address" },
        { name: "eventId", type: "string" },
        { name: "quantity", type: "uint64" },
        { name: "content", type: "string" },
      ],
    },
    primaryType: "UsageEvidence",
    message,
  } as const;
}

/**
 * The nonce of an attestation that is made for one event: a token with it cannot stand for another
 * event.
 */
export function attestationNonce({
  provider,
  eventId,
}: Pick<UsageEvidenceMessage, "provider" | "eventId">): Hex {
  const types = [{ type: "address" }, { type: "string" }] as const;
  return keccak256(encodeAbiParameters(types, [provider, eventId]));
}
