import type { ChainEvent, ChainPosition } from "@compute-credits/rules/chain/chainEvent";

/** A chain event without a block and log index. */
export type NewChainEvent = ChainEvent extends infer Event
  ? Event extends ChainEvent
    ? Omit<Event, keyof ChainPosition>
    : never
  : never;
