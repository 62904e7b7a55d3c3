import type { AccountStore, Balance } from "./accountStore.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { emptyAccount } from "@compute-credits/rules/accounts/account";
import { type AccountRecord, toAccount } from "./accountRecord.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

interface BalanceRecord extends AccountRecord {
  readonly earned: bigint;
  readonly settled_spent: bigint;
  readonly settled_refunded: bigint;
  readonly settled_earned: bigint;
}

export function createAccountStore(database: Database): AccountStore {
  return {
    async balance(address): Promise<Balance> {
      // One statement, so all sums are of one snapshot. Plan: accounts and settlements by primary
      // key, earnings_of_provider index-only.
      const [record] = await database.query<BalanceRecord>(
        `select given.address, coalesce(purchased, 0) as purchased, coalesce(a.spent, 0) as spent,
           coalesce(held, 0) as held, coalesce(refunding, 0) as refunding,
           coalesce(refund_waiting, 0) as "refundWaiting", coalesce(a.refunded, 0) as refunded,
           coalesce(counter, 0) as counter, coalesce(recorded_cap, 0) as "recordedCap",
           (select coalesce(sum(earned), 0) from earnings where provider = given.address) as earned,
           coalesce(s.spent, 0) as settled_spent, coalesce(s.refunded, 0) as settled_refunded,
           coalesce(s.earned, 0) as settled_earned
         from (select $1::bytea as address) as given
         left join accounts a on a.address = given.address
         left join settlements s on s.party = given.address`,
        [bytea(address)],
      );
      const account = record === undefined ? emptyAccount(address) : toAccount(record);
      return {
        ...account,
        earned: record?.earned ?? 0n,
        settled: {
          spent: record?.settled_spent ?? 0n,
          refunded: record?.settled_refunded ?? 0n,
          earned: record?.settled_earned ?? 0n,
        },
      };
    },
  };
}
