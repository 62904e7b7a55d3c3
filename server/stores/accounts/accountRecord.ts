import type { Address } from "viem";

import type { Account } from "@compute-credits/rules/accounts/account";

export const ACCOUNT_COLUMNS = `address, purchased, spent, held, refunding,
  refund_waiting as "refundWaiting", refunded, counter`;

export interface AccountRecord extends Account {
  readonly address: Address;
}

/** Drops whatever else the query selected: the columns already have the fields' names. */
export function toAccount(record: AccountRecord): Account {
  const { address, purchased, spent, held, refunding, refundWaiting, refunded, counter } = record;
  return { address, purchased, spent, held, refunding, refundWaiting, refunded, counter };
}
