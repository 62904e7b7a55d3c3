import type { Hex } from "viem";

/** A block that the ledger has taken in, with all before it. */
export interface BlockPoint {
  readonly number: bigint;
  readonly hash: Hex;
  readonly time: Date;
}
