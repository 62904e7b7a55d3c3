import type { VaultTotals } from "@compute-credits/rules/insight/vaultTotals";

/** Reads the contract's sums. Rejects where the endpoint does not answer, or has forgotten the block. */
export interface VaultReader {
  totalsAt(block: bigint): Promise<VaultTotals>;
  /** Tokens that were to be paid out, that the token refused to move, and that were not withdrawn up to the block. */
  deferredTokens(block: bigint): Promise<bigint>;
  /** the token's smallest units in one token */
  tokenUnit(): Promise<bigint>;
}
