import type { Address } from "viem";
import { min } from "@compute-credits/protocol/amounts";

/**
 * The credits of one address in micro-credits. `purchased`, `spent` and `refunded` are cumulative;
 * `held`, `refunding` and `refundWaiting` rise and fall.
 */
export interface Account {
  readonly address: Address;
  readonly purchased: bigint;
  readonly spent: bigint;
  /** reserved by holds and not yet captured */
  readonly held: bigint;
  /** reserved for a refund request, not yet in a checkpoint; cannot be spent */
  readonly refunding: bigint;
  /** requested while on hold: moves to `refunding` as holds and debits return credits */
  readonly refundWaiting: bigint;
  readonly refunded: bigint;
  /** raised on chain to void every allowance signed before */
  readonly counter: bigint;
}

/** The micro-credits that the account can spend now. Never negative (I1). */
export function available({ purchased, spent, held, refunding, refunded }: Account): bigint {
  return purchased - spent - held - refunding - refunded;
}

/** The account of an address without any chain event yet. */
export function emptyAccount(address: Address): Account {
  const nothing = { purchased: 0n, spent: 0n, held: 0n, refunding: 0n, refundWaiting: 0n };
  return { address, ...nothing, refunded: 0n, counter: 0n };
}

/**
 * Reserves credits for a refund request: available credits at once, held credits when they return.
 * Drops the rest of the request, because those credits are spent.
 */
export function requestRefund(account: Account, requestedMicros: bigint): Account {
  const asking = { ...account, refundWaiting: account.refundWaiting + requestedMicros };
  return fundWaitingRefund(asking, available(account));
}

/**
 * Moves credits that just returned to a waiting refund, before anything else can spend them. Call
 * it whenever held or spent credits return. Takes no more than that: credits bought after the
 * request stay spendable.
 */
export function fundWaitingRefund(account: Account, freedMicros: bigint): Account {
  const { refundWaiting } = account;
  const moved = min(refundWaiting, freedMicros);
  return {
    ...account,
    refunding: account.refunding + moved,
    // Only held credits can still return; everything else is spent.
    refundWaiting: min(refundWaiting - moved, account.held),
  };
}
