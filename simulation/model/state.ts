import type { Address, Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";
import type { Debited } from "@compute-credits/rules/usage/outcome";
import type { NewCode } from "../../server/stores/allowances/grantStore.ts";
import type { HoldResolution } from "@compute-credits/rules/holds/hold";
import type { LineRequest } from "@compute-credits/rules/holds/lines";
import type { ModelPrice } from "./price.ts";
import type { ModelShare } from "./sharing.ts";

export interface ModelAccount {
  readonly purchased: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly refunding: bigint;
  readonly waiting: bigint;
  readonly refunded: bigint;
  readonly counter: bigint;
  /** on record for the counter */
  readonly recordedCap: bigint;
}

export const NO_CREDITS: ModelAccount = {
  purchased: 0n,
  spent: 0n,
  held: 0n,
  refunding: 0n,
  waiting: 0n,
  refunded: 0n,
  counter: 0n,
  recordedCap: 0n,
};

export interface ModelAllowance {
  readonly id: Hex;
  readonly message: AllowanceMessage;
  readonly scope: Scope;
  /** the campaign of a grant */
  readonly campaign: Hex | null;
  /** the recorded cap binds it */
  readonly byContract: boolean;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  /** debits read it: its account was accepted while it could pay */
  readonly accepted: boolean;
  /**
   * the last period with usage; its carried and used micro-credits; micro-credits spent in all
   * periods
   */
  readonly period: bigint;
  readonly carried: bigint;
  readonly used: bigint;
  readonly spent: bigint;
}

/** What a spender said about an account. */
export interface ModelAcceptance {
  readonly accepted: boolean;
  readonly signedAt: bigint;
}

export interface ModelGrant {
  readonly fingerprint: string;
  readonly id: Hex;
}

export interface ModelCode {
  readonly terms: NewCode;
  readonly redemptions: bigint;
  readonly closedAt: Date | null;
}

export interface ModelIssuingKey {
  readonly account: Address;
  readonly campaign: Hex;
  readonly counter: bigint;
  readonly isRevoked: boolean;
}

export interface ModelPart {
  readonly account: Address;
  readonly allowance: Hex;
  readonly heldMicros: bigint;
}

/** Units of a line that were reserved together. */
export interface ModelLot extends LineRequest {
  /** who pays at which price, in order */
  readonly shares: readonly ModelShare[];
  readonly parts: readonly ModelPart[];
  readonly heldAt: Date;
  readonly capturedMicros: bigint;
  readonly capturedUnits: bigint;
}

export interface ModelHold {
  readonly fingerprint: string;
  readonly provider: Address;
  readonly spender: Hex;
  /** the fingerprint of each extension, by its id */
  readonly extensions: ReadonlyMap<string, string>;
  readonly lots: readonly ModelLot[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly resolution: HoldResolution | null;
}

export interface ModelEvent {
  readonly fingerprint: string;
  readonly provider: Address;
  readonly outcome: Debited;
  /** when the credits of each charge were taken, which decides the period's budget */
  readonly takenAt: readonly Date[];
  /** the units that it counts, by key of the tier usage; none for other rates */
  readonly uses: ReadonlyMap<string, bigint>;
  readonly voidedAt: Date | null;
}

/** A multiplier step. */
export interface ModelStep {
  readonly at: Date;
  readonly afterBps: bigint;
}

/** A signed quote's work and price. */
export interface ModelQuote {
  readonly provider: Address;
  readonly account: Address;
  readonly meter: string;
  readonly dimensions: string;
  readonly quantity: bigint;
  readonly price: ModelPrice;
  readonly expiresAt: Date;
}
