import type { Address, Hex } from "viem";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { UsageSum } from "./insightStore.ts";

/** A purchase that the ledger recorded in the range. */
export interface StatedPurchase {
  /** when the ledger recorded it */
  readonly at: Date;
  readonly blockNumber: bigint;
  readonly transactionHash: Hex;
  readonly payer: Address;
  readonly amountMicros: bigint;
  /** in the token's smallest unit */
  readonly tokenAmount: bigint;
}

export interface StatedRequest {
  readonly at: Date;
  readonly requestedMicros: bigint;
  /** whether nothing of it is due any more */
  readonly served: boolean;
}

/** Credits that a checkpoint gave back. */
export interface StatedRefund {
  /** when the checkpoint was cut */
  readonly at: Date;
  readonly epoch: bigint;
  readonly amountMicros: bigint;
}

/** Spending that moved to the operator's account, because its payer could not be charged. */
export interface StatedWriteOff {
  readonly at: Date;
  /** what the account got back; below 0 if it took the amount over */
  readonly amountMicros: bigint;
}

/** A party's newest row on chain, as far as the ledger has read it. */
export interface SettledRow {
  readonly epoch: bigint;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

/** A row of the party that the chain settled, with what it had more than the one before. */
export interface StatedSettlement {
  readonly at: Date;
  readonly epoch: bigint;
  readonly spentMicros: bigint;
  readonly refundedMicros: bigint;
  readonly earnedMicros: bigint;
  readonly blockNumber: bigint;
  readonly transactionHash: Hex;
}

interface Statement {
  readonly asOf: Date;
  /** the block that the ledger has read */
  readonly block: BlockPoint;
  /** without voided events */
  readonly days: readonly UsageSum[];
  readonly settled: SettledRow | null;
  readonly settlements: readonly StatedSettlement[];
  /** since when the ledger keeps settlements; `null` if since the deployment */
  readonly settlementsSince: Date | null;
  /**
   * Whether all movements until now add up to the balance of the same snapshot, to the micro-credit.
   */
  readonly reconciles: boolean;
}

export interface AccountStatement extends Statement {
  /** credits neither spent nor refunded, at `from`; `null` if the ledger does not know */
  readonly openingMicros: bigint | null;
  /** the same at `to`, or now if that is earlier */
  readonly closingMicros: bigint | null;
  readonly purchases: readonly StatedPurchase[];
  readonly requests: readonly StatedRequest[];
  readonly refunds: readonly StatedRefund[];
  readonly writeOffs: readonly StatedWriteOff[];
}

export interface ProviderStatement extends Statement {
  /** all that it had earned at `from`, after fees */
  readonly openingMicros: bigint;
  readonly closingMicros: bigint;
}

/** `from` is inclusive, `to` exclusive. Each list has at most `limit` entries. */
export interface StatementQuery {
  readonly address: Address;
  readonly from: Date;
  readonly to: Date;
  readonly limit: number;
}

/** Reads statements, each on one snapshot. */
export interface StatementStore {
  account(query: StatementQuery): Promise<AccountStatement>;
  provider(query: StatementQuery): Promise<ProviderStatement>;
}
