import type { Address } from "viem";

/** The credits of one address. Cumulative numbers, except `held` and `refunding`, which rise and fall. Micro-credits. */
export interface Account {
  readonly address: Address;
  readonly purchased: bigint;
  readonly spent: bigint;
  /** set aside for work that has been authorised and not yet charged */
  readonly held: bigint;
  /** asked back on chain and not yet in a checkpoint: no longer spendable */
  readonly refunding: bigint;
  /** asked back while on hold: set aside as it becomes free, before anything else may use it */
  readonly refundWaiting: bigint;
  readonly refunded: bigint;
  /** raised on chain to void every allowance signed before */
  readonly counter: bigint;
}

/** What can be spent now; never negative (I1). */
export function available({ purchased, spent, held, refunding, refunded }: Account): bigint {
  return purchased - spent - held - refunding - refunded;
}

/** The account of an address that the chain has not told of yet. */
export function emptyAccount(address: Address): Account {
  const nothing = { purchased: 0n, spent: 0n, held: 0n, refunding: 0n, refundWaiting: 0n };
  return { address, ...nothing, refunded: 0n, counter: 0n };
}

/**
 * Sets a refund request aside: what is free at once, and of the rest as much as is on hold, as soon as it is free. What
 * is asked beyond that has been spent.
 */
export function askRefund(account: Account, requestedMicros: bigint): Account {
  const asking = { ...account, refundWaiting: account.refundWaiting + requestedMicros };
  return setAside(asking, available(account));
}

/**
 * Gives a waiting refund what has just come free: to be called whenever held or spent credits do. Not more than that:
 * credits that were bought since the request are the account's to spend.
 */
export function setAside(account: Account, freedMicros: bigint): Account {
  const { refundWaiting } = account;
  const moved = least(refundWaiting, freedMicros);
  return {
    ...account,
    refunding: account.refunding + moved,
    // Only what is on hold can still come free: the rest has been spent.
    refundWaiting: least(refundWaiting - moved, account.held),
  };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
