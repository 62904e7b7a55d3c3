import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { TokenPrice } from "@compute-credits/rules/insight/liability";
import type { ReconciledLedger } from "@compute-credits/rules/insight/reconcile";
import type { PoolTotals } from "@compute-credits/rules/insight/vaultTotals";

/** Revenue of one UTC day and meter, in micro-credits, without voided events. */
export interface DayRevenue {
  readonly day: string;
  readonly meter: string;
  readonly events: bigint;
  readonly amountMicros: bigint;
  readonly feeMicros: bigint;
}

/** All sums of the ledger. The chain's totals of the final checkpoint are left to the caller. */
export interface LedgerReport extends Omit<ReconciledLedger, "finalCheckpoint"> {
  /** the last indexed block */
  readonly block: BlockPoint;
  /** the database's clock at the read */
  readonly asOf: Date;
  readonly revenue: readonly DayRevenue[];
}

/**
 * Sums over all parties, for operators. A report scans every account and the debits of the
 * requested days.
 */
export interface ReportStore {
  report(query: { from: Date; to: Date; price: TokenPrice }): Promise<LedgerReport>;
  /** Reads the ledger's totals of a checkpoint. Returns `null` if it has none of that epoch. */
  checkpointTotals(epoch: bigint): Promise<PoolTotals | null>;
}
