import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { TokenPrice } from "@compute-credits/rules/insight/liability";
import type { ReconciledLedger } from "@compute-credits/rules/insight/reconcile";
import type { PoolTotals } from "@compute-credits/rules/insight/vaultTotals";

/** Fees of one day, in UTC, and meter; events that were taken back are left out. Micro-credits. */
export interface DayRevenue {
  readonly day: string;
  readonly meter: string;
  readonly events: bigint;
  readonly amountMicros: bigint;
  readonly feeMicros: bigint;
}

/** All sums of the ledger but what the chain says about its final checkpoint. */
export interface LedgerReport extends Omit<ReconciledLedger, "finalCheckpoint"> {
  /** that the ledger has read the chain up to */
  readonly block: BlockPoint;
  /** by the database's clock */
  readonly asOf: Date;
  readonly revenue: readonly DayRevenue[];
}

/** Sums over everybody: it reads every account once, and the log of the days asked for. For operators, not for every page. */
export interface ReportStore {
  report(query: { from: Date; to: Date; price: TokenPrice }): Promise<LedgerReport>;
  /** the ledger's own numbers of a checkpoint; `null` where it knows none of that epoch */
  checkpointTotals(epoch: bigint): Promise<PoolTotals | null>;
}
