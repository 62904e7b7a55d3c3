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
  return { address, purchased: 0n, spent: 0n, held: 0n, refunding: 0n, refunded: 0n, counter: 0n };
}

/** How much of a refund request can be set aside: no more than is unspent and free. */
export function acceptRefund(account: Account, requestedMicros: bigint): bigint {
  const free = available(account);
  return requestedMicros < free ? requestedMicros : free;
}
