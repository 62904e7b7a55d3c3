/** Payouts that the token rejected and that were not withdrawn, up to a block. */
export interface DeferredPayouts {
  readonly block: bigint;
  /** in the token's smallest unit */
  readonly tokens: bigint;
}

/** Remembers how far the chain's log was searched for deferred payouts. */
export interface DeferredPayoutStore {
  /** `null` before the first search */
  read(): Promise<DeferredPayouts | null>;
  /** Moves on from `from`. Does nothing if another server has moved on already. */
  advance(from: DeferredPayouts | null, to: DeferredPayouts): Promise<void>;
}
