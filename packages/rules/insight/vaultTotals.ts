/** Cumulative sums in micro-credits. */
export interface PoolTotals {
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

/** The contract's totals and its token balance at one block. In micro-credits, except tokens. */
export interface VaultTotals {
  /** unspent credits on chain */
  readonly totalSupply: bigint;
  /** sums over all settled rows */
  readonly settled: PoolTotals;
  readonly feesTaken: bigint;
  /** epoch 0 and zeros before the first */
  readonly finalCheckpoint: PoolTotals & { readonly epoch: bigint };
  /** in the token's smallest unit */
  readonly tokenBalance: bigint;
}
