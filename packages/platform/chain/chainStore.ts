import type { BlockPoint } from "./blockPoint.ts";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";

/** Stores the chain's events and the position up to which they were read. */
export interface ChainStore {
  /** the last recorded block */
  cursor(): Promise<BlockPoint>;
  /** The chain's time: the last recorded block's, or the database's clock if that is later. */
  chainTime(): Promise<Date>;
  /** when the vault was frozen; `null` if it is not */
  frozenAt(): Promise<Date | null>;
  /**
   * Records that the chain had no block after `at` when it was asked, `agoMs` ago. The next block
   * must be younger than that. An idle chain shows the time in no other way.
   */
  recordIdle(at: BlockPoint, agoMs: number): Promise<void>;
  /**
   * Applies the events of the blocks up to `upTo` and moves the cursor there, in one transaction.
   * Does nothing and returns false if another server has moved the cursor away from `from`.
   */
  apply(step: {
    from: BlockPoint;
    upTo: BlockPoint;
    events: readonly ChainEvent[];
  }): Promise<boolean>;
}
