import type { BlockPoint } from "./blockPoint.ts";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";

/** What has to be on top of a block, or be said of it, before it counts. */
export type Confirmations = bigint | "safe" | "finalized";

/** The next blocks that count, with all that the contracts told in them, in the order in which it happened. */
export interface ChainStep {
  readonly upTo: BlockPoint;
  readonly events: readonly ChainEvent[];
  /** whether further blocks count already */
  readonly isLast: boolean;
}

/** Where the ledger learns what happened on chain. Answers are checked: what contradicts itself is an error. */
export interface ChainSource {
  /**
   * The blocks after `from`; where none counts yet, whether the chain has any at all. Throws `ReorgBeyondConfirmations`
   * where `from` is no longer in the chain, as far as any endpoint knows.
   */
  after(from: BlockPoint): Promise<ChainStep | "no_confirmed_block" | "no_new_block">;
}
