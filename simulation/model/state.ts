import type { Address, Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";
import type { Debited } from "@compute-credits/rules/usage/outcome";
import type { HoldResolution } from "@compute-credits/rules/holds/hold";
import type { ModelPrice } from "./price.ts";

export interface ModelAccount {
  readonly purchased: bigint;
  readonly spent: bigint;
  readonly held: bigint;
  readonly refunding: bigint;
  readonly waiting: bigint;
  readonly refunded: bigint;
  readonly counter: bigint;
}

export const NO_CREDITS: ModelAccount = {
  purchased: 0n,
  spent: 0n,
  held: 0n,
  refunding: 0n,
  waiting: 0n,
  refunded: 0n,
  counter: 0n,
};

export interface ModelAllowance {
  readonly id: Hex;
  readonly message: AllowanceMessage;
  readonly scope: Scope;
  /** what it was granted out of */
  readonly campaign: Hex | null;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  /** the period that it was last used in, what came into it from before, what went out of it, and out of all */
  readonly period: bigint;
  readonly carried: bigint;
  readonly used: bigint;
  readonly spent: bigint;
}

export interface ModelGrant {
  readonly said: string;
  readonly id: Hex;
}

export interface ModelPart {
  readonly account: Address;
  readonly allowance: Hex;
  readonly heldMicros: bigint;
}

export interface ModelHold {
  readonly asked: string;
  readonly spender: Hex;
  readonly price: ModelPrice;
  readonly parts: readonly ModelPart[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly capturedMicros: bigint;
  readonly capturedUnits: bigint;
  readonly resolution: HoldResolution | null;
}

export interface ModelEvent {
  readonly said: string;
  readonly provider: Address;
  readonly outcome: Debited;
  /** when its credits were set aside, which says from which period's budget */
  readonly takenAt: Date;
  /** what it used of a tiered rate */
  readonly use: string | null;
  readonly units: bigint;
  readonly voidedAt: Date | null;
}

/** How a multiplier moved. */
export interface ModelStep {
  readonly at: Date;
  readonly afterBps: bigint;
}

/** A price that was signed, and what for. */
export interface ModelQuote {
  readonly provider: Address;
  readonly account: Address;
  readonly meter: string;
  readonly dimensions: string;
  readonly quantity: bigint;
  readonly price: ModelPrice;
  readonly expiresAt: Date;
}
