import type { ChainSince } from "@compute-credits/rules/insight/pastVault";
import type { PoolTotals } from "@compute-credits/rules/insight/vaultTotals";

/** The ledger's sums before a past moment, in micro-credits, and what came since. */
export interface PastLedger {
  /** the database's clock at the read */
  readonly readAt: Date;
  /** the last block that the ledger has read, now */
  readonly readBlock: bigint;
  /** the newest block with a purchase, a settlement or a claim of before the moment; 0 without one */
  readonly block: bigint;
  readonly purchased: bigint;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  readonly settled: PoolTotals;
  /** the newest checkpoint of then that was cut and not dropped; zeros before the first */
  readonly newestCheckpoint: PoolTotals;
  /** the newest of then that was final; `null` before the first */
  readonly finalCheckpoint: PoolTotals | null;
  readonly since: ChainSince;
  /**
   * Whether all movements, before the moment and since, add up to the balances of the same snapshot,
   * to the micro-credit.
   */
  readonly addsUp: boolean;
}

/** The history does not reach back to the moment: it begins at `begunAt`, after block `block`. */
export interface HistoryNotKept {
  readonly begunAt: Date;
  readonly block: bigint;
}

/** Reads the ledger's sums of past moments, each on one snapshot. Scans every account. */
export interface PastStore {
  /** Of all that was recorded before `at`, which must not be in the future. */
  before(at: Date): Promise<PastLedger | HistoryNotKept>;
}
