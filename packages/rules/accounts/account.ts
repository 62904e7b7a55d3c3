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
  /** requested while held or spent: moves to `refunding` as holds and voids return credits */
  readonly refundWaiting: bigint;
  readonly refunded: bigint;
  /** raised on chain to void every allowance signed before */
  readonly counter: bigint;
  /**
   * the highest account cap that the court has on record for `counter`, confirmed; 0 without any.
   * It bounds what allowances of a contract wallet may spend. It only grows until the counter rises.
   */
  readonly recordedCap: bigint;
}

/** The micro-credits that the account can spend now. Never negative (I1). */
export function available({ purchased, spent, held, refunding, refunded }: Account): bigint {
  return purchased - spent - held - refunding - refunded;
}

/** The account of an address without any chain event yet. */
export function emptyAccount(address: Address): Account {
  const nothing = { purchased: 0n, spent: 0n, held: 0n, refunding: 0n, refundWaiting: 0n };
  return { address, ...nothing, refunded: 0n, counter: 0n, recordedCap: 0n };
}

/**
 * Moves credits that just returned to the open refund request, before anything else can spend them.
 * Call it whenever held or spent credits return. Takes no more than that: credits bought after the
 * request stay spendable.
 */
export function fundWaitingRefund(account: Account, freedMicros: bigint): Account {
  const moved = min(account.refundWaiting, freedMicros);
  return {
    ...account,
    refunding: account.refunding + moved,
    refundWaiting: account.refundWaiting - moved,
  };
}
