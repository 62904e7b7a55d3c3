import type { VaultTotals } from "@compute-credits/rules/insight/vaultTotals";

/**
 * Reads the contract's totals. Rejects if the endpoint fails or no longer has the block's state.
 */
export interface VaultReader {
  totalsAt(block: bigint): Promise<VaultTotals>;
  /**
   * Payouts that the token rejected and that were not withdrawn up to the block, in smallest units.
   */
  deferredTokens(block: bigint): Promise<bigint>;
  /** smallest units per token: 10^decimals */
  tokenUnit(): Promise<bigint>;
}
