import type { VaultTotals } from "@compute-credits/rules/insight/vaultTotals";

/** Blocks, both inclusive. */
export interface BlockRange {
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * Reads the contract's totals. Rejects if the endpoint fails or no longer has the block's state.
 */
export interface VaultReader {
  totalsAt(block: bigint): Promise<VaultTotals>;
  /**
   * By how much the payouts grew in these blocks that the token rejected and that were not
   * withdrawn, in smallest units. One request: keep the range short.
   */
  deferredChange(range: BlockRange): Promise<bigint>;
  /** smallest units per token: 10^decimals */
  tokenUnit(): Promise<bigint>;
}
