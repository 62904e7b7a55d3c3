import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { PinnedRate } from "../pricing/pinnedRate.ts";

/** Credits reserved for work to come. Unique by `(provider, id)`. */
export interface Hold {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  /** at least one; those of a line are used in this order. Lots are only ever added. */
  readonly lots: readonly HoldLot[];
  readonly requestHash: Hex;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly resolution: HoldResolution | null;
}

/** Names the work that a line of a hold is for. */
export interface LineWork {
  /** the line's id, unique within the hold */
  readonly line: string;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/**
 * Units of one line that were reserved together, at one rate. Each line begins with one lot, and
 * each extension of its quantity adds another.
 */
export interface HoldLot extends LineWork {
  /** the most that may be captured from it, in units of the meter */
  readonly quantity: bigint;
  /** the rate when it was reserved; captures are charged at it */
  readonly rate: PinnedRate;
  readonly heldAt: Date;
  readonly parts: readonly HoldPart[];
  readonly capturedMicros: bigint;
  /** in units of the meter; the next capture is priced as the units that follow */
  readonly capturedQuantity: bigint;
}

/** The part of a lot that one allowance pays. */
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

/** The id of the only line of a hold whose request names none. */
export const MAIN_LINE = "main";

/** The parts of all lots, in their order. */
export function partsOf({ lots }: Pick<Hold, "lots">): readonly HoldPart[] {
  const [only] = lots;
  return only !== undefined && lots.length === 1 ? only.parts : lots.flatMap(({ parts }) => parts);
}

/** The micro-credits still on hold, over all lots. */
export function heldMicros(hold: Pick<Hold, "lots">): bigint {
  return partsOf(hold).reduce((sum, part) => sum + part.heldMicros, 0n);
}

/** The micro-credits captured so far, over all lots. */
export function capturedMicros({ lots }: Pick<Hold, "lots">): bigint {
  return lots.reduce((sum, lot) => sum + lot.capturedMicros, 0n);
}

/**
 * Whether the hold has expired. Pass the database's clock; the hold ends exactly at `expiresAt`.
 */
export function isExpired({ expiresAt }: Pick<Hold, "expiresAt">, now: Date): boolean {
  return expiresAt <= now;
}
