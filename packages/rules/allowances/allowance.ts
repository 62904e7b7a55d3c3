import type { Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";

/** A signed permission to spend and how far it has been used. */
export interface Allowance {
  /** the EIP-712 digest that the owner signed; of a grant, the hash of what it says */
  readonly id: Hex;
  readonly message: AllowanceMessage;
  /** what `message.scope` is the hash of */
  readonly scope: Scope;
  readonly signature: Hex;
  /** the allowance that this one was granted out of, whose signature covers it; `null` where its own does */
  readonly campaign: Hex | null;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  readonly usage: AllowanceUsage;
}

/** Where an allowance stands in the period that it was last used in. */
export interface AllowanceUsage {
  /** periods since `startsAt` */
  readonly periodIndex: bigint;
  /** micro-credits brought over from the period before */
  readonly carriedMicros: bigint;
  /** micro-credits spent in that period */
  readonly periodSpentMicros: bigint;
  /** micro-credits spent in all */
  readonly spentMicros: bigint;
}

export const UNUSED: AllowanceUsage = {
  periodIndex: 0n,
  carriedMicros: 0n,
  periodSpentMicros: 0n,
  spentMicros: 0n,
};
