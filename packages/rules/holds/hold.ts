import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { PinnedRate } from "../pricing/pinnedRate.ts";

/** Credits set aside for work that is about to be done. Unique by `(provider, id)`. */
export interface Hold {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** the most that may be captured, in units of the meter */
  readonly quantity: bigint;
  /** the price that was quoted is the price that is charged */
  readonly rate: PinnedRate;
  readonly requestHash: Hex;
  readonly parts: readonly HoldPart[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly capturedMicros: bigint;
  /** in units of the meter: the next capture is priced as what follows them */
  readonly capturedQuantity: bigint;
  readonly resolution: HoldResolution | null;
}

/** What one allowance holds ready. */
export interface HoldPart {
  readonly account: Address;
  readonly allowance: Hex;
  /** still on hold: neither captured nor returned */
  readonly heldMicros: bigint;
}

/** How a hold ended; it ends once. */
export interface HoldResolution {
  readonly as: "captured" | "released" | "expired";
  readonly at: Date;
}

export function heldMicros({ parts }: Pick<Hold, "parts">): bigint {
  return parts.reduce((sum, part) => sum + part.heldMicros, 0n);
}

/** By the database's clock, and never early: at the very moment it is over. */
export function isExpired({ expiresAt }: Pick<Hold, "expiresAt">, now: Date): boolean {
  return expiresAt <= now;
}
