import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { PinnedRate } from "../pricing/pinnedRate.ts";

/** Credits reserved for work to come. Unique by `(provider, id)`. */
export interface Hold {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** the most that may be captured, in units of the meter */
  readonly quantity: bigint;
  /** the rate at authorisation; captures are charged at it */
  readonly rate: PinnedRate;
  readonly requestHash: Hex;
  readonly parts: readonly HoldPart[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly capturedMicros: bigint;
  /** in units of the meter; the next capture is priced as the units that follow */
  readonly capturedQuantity: bigint;
  readonly resolution: HoldResolution | null;
}

/** The part of a hold that one allowance pays. */
export interface HoldPart {
  readonly account: Address;
  readonly allowance: Hex;
  /** micro-credits neither captured nor returned yet */
  readonly heldMicros: bigint;
}

/** How and when a hold ended. A hold ends once. */
export interface HoldResolution {
  readonly as: "captured" | "released" | "expired";
  readonly at: Date;
}

/** The micro-credits still on hold, over all parts. */
export function heldMicros({ parts }: Pick<Hold, "parts">): bigint {
  return parts.reduce((sum, part) => sum + part.heldMicros, 0n);
}

/**
 * Whether the hold has expired. Pass the database's clock; the hold ends exactly at `expiresAt`.
 */
export function isExpired({ expiresAt }: Pick<Hold, "expiresAt">, now: Date): boolean {
  return expiresAt <= now;
}
