import type { Address } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

/**
 * A provider's wallet registers the key with which one of its meters signs evidence. The key charges
 * nobody and reads nothing.
 */
export interface MeterKeyMessage {
  readonly provider: Address;
  /** the address of the meter's key */
  readonly meterKey: Address;
}

const FIELDS = [
  { name: "provider", type: "address" },
  { name: "meterKey", type: "address" },
] as const;

export function meterKeyTypedData(deployment: Deployment, message: MeterKeyMessage) {
  return {
    domain: signingDomain(deployment),
    types: { MeterKey: FIELDS },
    primaryType: "MeterKey",
    message,
  } as const;
}

/** A provider's wallet revokes a meter's key for good. */
export function meterKeyRevocationTypedData(deployment: Deployment, message: MeterKeyMessage) {
  return {
    domain: signingDomain(deployment),
    types: { MeterKeyRevocation: FIELDS },
    primaryType: "MeterKeyRevocation",
    message,
  } as const;
}
