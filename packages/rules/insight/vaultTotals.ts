/** Cumulative micro-credits. */
export interface PoolTotals {
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

/** What the contract and its token say at one block. Amounts in micro-credits, but for tokens. */
export interface VaultTotals {
  /** credits that the chain knows to be unspent */
  readonly totalSupply: bigint;
  /** sums over all settled rows */
  readonly settled: PoolTotals;
  readonly feesTaken: bigint;
  /** epoch 0 and zeros before the first */
  readonly finalCheckpoint: PoolTotals & { readonly epoch: bigint };
  /** of the token's smallest unit */
  readonly tokenBalance: bigint;
}
