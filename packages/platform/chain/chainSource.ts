import type { BlockPoint } from "./blockPoint.ts";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";

/** When a block counts: after this many blocks on top of it, or once it has this block tag. */
export type Confirmations = bigint | "safe" | "finalized";

/** The events of the next confirmed blocks, in chain order. */
export interface ChainStep {
  readonly upTo: BlockPoint;
  readonly events: readonly ChainEvent[];
  /** whether `upTo` is the newest confirmed block */
  readonly isLast: boolean;
}

/** Reads the chain's events. Checks each answer and rejects if it is inconsistent. */
export interface ChainSource {
  /**
   * Reads the confirmed blocks after `from`. Without one, tells whether the chain has unconfirmed
   * blocks. Throws `ReorgBeyondConfirmations` if no endpoint has `from` in its chain any more.
   */
  after(from: BlockPoint): Promise<ChainStep | "no_confirmed_block" | "no_new_block">;
}
