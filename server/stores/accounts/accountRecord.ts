import type { Address } from "viem";

import type { Account } from "@compute-credits/rules/accounts/account";

export const ACCOUNT_COLUMNS = `address, purchased, spent, held, refunding,
  refund_waiting as "refundWaiting", refunded, counter, recorded_cap as "recordedCap"`;

export interface AccountRecord extends Account {
  readonly address: Address;
}

/** Drops whatever else the query selected: the columns already have the fields' names. */
export function toAccount(record: AccountRecord): Account {
  const { address, purchased, spent, held, refunding, refundWaiting, refunded } = record;
  const { counter, recordedCap } = record;
  const amounts = { purchased, spent, held, refunding, refundWaiting, refunded };
  return { address, ...amounts, counter, recordedCap };
}
