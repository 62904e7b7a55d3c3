import type { Address, Hex } from "viem";

/** Where on the chain an event stands: what makes it unique. */
export interface ChainPlace {
  readonly blockNumber: bigint;
  /** as the block says */
  readonly blockTime: Date;
  readonly logIndex: number;
  readonly transactionHash: Hex;
}

/** What the contract tells the ledger. Amounts in micro-credits, tokens in the token's smallest unit. */
export type ChainEvent = ChainPlace &
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
        /** the least that the answer's row must show */
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
    /** for good: from here on nothing is bought, and no checkpoint taken */
    | { readonly type: "frozen"; readonly by: Address }
  );
