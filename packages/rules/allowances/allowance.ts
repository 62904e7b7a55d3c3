import type { Hex } from "viem";

import type { AllowanceMessage, Scope } from "@compute-credits/protocol/messages/allowance";

/** A signed permission to spend, with its usage. */
export interface Allowance {
  /** the EIP-712 digest that the owner signed; for a grant, the hash of its terms */
  readonly id: Hex;
  readonly message: AllowanceMessage;
  /** the preimage of `message.scope` */
  readonly scope: Scope;
  readonly signature: Hex;
  /**
   * Whether a contract wallet signed it (ERC-1271), which can disown its signature later. Then only
   * the account's `recordedCap` may be spent. A grant has its campaign's value.
   */
  readonly byContract: boolean;
  /**
   * for a grant, the id of the allowance whose signature covers it; `null` if the owner signed it
   */
  readonly campaign: Hex | null;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  readonly usage: AllowanceUsage;
}

/** The usage of an allowance, as of the period in which it was last used. */
export interface AllowanceUsage {
  /** number of periods since `startsAt` */
  readonly periodIndex: bigint;
  /** micro-credits carried over from the period before */
  readonly carriedMicros: bigint;
  /** micro-credits spent or held in that period */
  readonly periodSpentMicros: bigint;
  /** micro-credits spent in total */
  readonly spentMicros: bigint;
}

export const NO_USAGE: AllowanceUsage = {
  periodIndex: 0n,
  carriedMicros: 0n,
  periodSpentMicros: 0n,
  spentMicros: 0n,
};
