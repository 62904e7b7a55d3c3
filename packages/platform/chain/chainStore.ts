import type { BlockPoint } from "./blockPoint.ts";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";

export interface ChainStore {
  cursor(): Promise<BlockPoint>;
  /** How late it is by the chain, as far as it has been read, or by the database's clock: the later of the two. */
  chainTime(): Promise<Date>;
  /** when the vault was closed for good; `null` where it is open */
  frozenAt(): Promise<Date | null>;
  /**
   * The chain had no block after `at` when it was asked, `agoMs` ago: whatever comes next is younger than that. A quiet
   * chain tells the time no other way.
   */
  recordIdle(at: BlockPoint, agoMs: number): Promise<void>;
  /**
   * Applies the events of the blocks after the cursor up to `upTo` and moves the cursor there, in one transaction.
   * False, and nothing done, where the cursor is no longer `from`: another server was faster.
   */
  apply(step: {
    from: BlockPoint;
    upTo: BlockPoint;
    events: readonly ChainEvent[];
  }): Promise<boolean>;
}
