import type { Hex } from "viem";

/** The last block that the ledger has recorded; it has recorded all blocks before it too. */
export interface BlockPoint {
  readonly number: bigint;
  readonly hash: Hex;
  readonly time: Date;
}
