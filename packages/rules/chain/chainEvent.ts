import type { Address, Hex } from "viem";

/** The position of an event on the chain. It identifies the event. */
export interface ChainPosition {
  readonly blockNumber: bigint;
  /** the block's timestamp */
  readonly blockTime: Date;
  readonly logIndex: number;
  readonly transactionHash: Hex;
}

/**
 * A contract event that the ledger follows. Amounts are micro-credits; tokens are smallest units.
 */
export type ChainEvent = ChainPosition &
  (
    | {
        readonly type: "purchased";
        readonly account: Address;
        readonly payer: Address;
        readonly amountMicros: bigint;
        readonly tokenAmount: bigint;
      }
    | {
        readonly type: "refund_requested";
        readonly account: Address;
        readonly requestedMicros: bigint;
        /** purchased minus refunded on chain, then */
        readonly unspentMicros: bigint;
        /** refunded on chain, then */
        readonly refundedMicros: bigint;
      }
    | { readonly type: "refund_served"; readonly account: Address }
    | { readonly type: "counter_raised"; readonly account: Address; readonly counter: bigint }
    | {
        readonly type: "row_settled";
        readonly party: Address;
        readonly epoch: bigint;
        readonly spent: bigint;
        readonly refunded: bigint;
        readonly earned: bigint;
      }
    | {
        readonly type: "checkpoint_submitted";
        readonly epoch: bigint;
        readonly root: Hex;
        readonly finalAt: Date;
      }
    | { readonly type: "checkpoint_dropped"; readonly epoch: bigint; readonly root: Hex }
    | {
        readonly type: "challenged";
        readonly account: Address;
        readonly challenger: Address;
        readonly epoch: bigint;
        /** lower bounds for the row in the answer */
        readonly spent: bigint;
        readonly refunded: bigint;
        readonly earned: bigint;
        readonly deadline: Date;
      }
    | {
        readonly type: "challenge_answered" | "challenge_unanswered";
        readonly account: Address;
        readonly challenger: Address;
      }
    | {
        readonly type: "cap_recorded";
        readonly account: Address;
        readonly counter: bigint;
        readonly accountCapMicros: bigint;
      }
    /** the fee recipient took the operator's share of what was settled */
    | {
        readonly type: "fees_claimed";
        readonly recipient: Address;
        readonly amountMicros: bigint;
        readonly tokenAmount: bigint;
      }
    /** the vault is frozen for good: it sells no credits and accepts no checkpoint any more */
    | { readonly type: "frozen"; readonly by: Address }
  );
