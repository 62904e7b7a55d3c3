import type { Address } from "viem";

import type { SignedEvidence } from "@compute-credits/protocol/json/evidence";

export interface MeterKey {
  readonly provider: Address;
  readonly meterKey: Address;
}

export interface RegisteredMeterKey {
  readonly meterKey: Address;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** What the operator's hook found in an attestation token. */
export interface Attested {
  /** false: the keys of the issuer could not be read, so nothing is known */
  readonly verified: boolean;
  readonly issuer: string | null;
  /** whether the token was made for this event */
  readonly nonceIsOfEvent: boolean;
  readonly expiresAt: Date | null;
}

/** Evidence whose signature the caller has checked. */
export interface CheckedEvidence extends SignedEvidence {
  readonly eventId: string;
  readonly attested: Attested | null;
}

export interface RecordedEvidence extends CheckedEvidence {
  readonly meterKeyRevokedAt: Date | null;
  readonly recordedAt: Date;
}

/** `other_on_record`: the event has other evidence, which stays. */
export type EvidenceOutcome = "recorded" | "other_on_record";

export interface EvidenceStore {
  /** Registers a meter's key. Returns when, or "revoked" if it was revoked. */
  addKey(key: MeterKey): Promise<Date | "revoked">;
  /** Revokes a key for good. Returns when it was; `null` if the provider has no such key. */
  revokeKey(key: MeterKey): Promise<Date | null>;
  /** Reads a provider's keys, newest first: all that a provider may have. */
  keysOf(provider: Address): Promise<readonly RegisteredMeterKey[]>;
  /** Reads which of these keys a provider has, and whether each is revoked. */
  findKeys(
    provider: Address,
    meterKeys: readonly Address[],
  ): Promise<ReadonlyMap<Address, Pick<RegisteredMeterKey, "revokedAt">>>;
  /** Records evidence of debited events, unless they have some. One outcome each, in order. */
  record(
    provider: Address,
    evidence: readonly CheckedEvidence[],
  ): Promise<readonly EvidenceOutcome[]>;
  /** Reads the evidence of an event. */
  find(event: {
    readonly provider: Address;
    readonly id: string;
  }): Promise<RecordedEvidence | null>;
}
