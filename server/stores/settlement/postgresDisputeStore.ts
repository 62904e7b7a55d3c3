import type { Address } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import type { DisputeStore, OpenChallenge, UnclassifiedSignature } from "./disputeStore.ts";
import {
  ALLOWANCE_COLUMNS_OF_L,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";

export function createDisputeStore(database: Database): DisputeStore {
  return {
    async openChallenges(checkpoint, limit) {
      return await database.query<OpenChallenge>(
        `select account, challenger, spent, refunded, earned, deadline from challenges
         where checkpoint = $1 and outcome is null order by deadline, block_number, log_index
         limit $2`,
        [checkpoint, limit],
      );
    },

    async recordedCounters(account, spentMicros) {
      const records = await database.query<{ counter: bigint }>(
        // Plan: recorded_caps by primary key. A counter costs its owner a transaction.
        `select counter from recorded_caps where account = $1 and account_cap_micros >= $2
         order by counter desc limit 100`,
        [bytea(account), spentMicros],
      );
      return records.map(({ counter }) => counter);
    },

    async capsCovering(account, spentMicros) {
      // Plan: allowances_of_account. Grants are left out: their cap is their campaign's.
      const records = await database.query<AllowanceRecord>(
        `select distinct on (l.counter) ${ALLOWANCE_COLUMNS_OF_L} from allowances l
         where l.account = $1 and l.campaign is null and l.account_cap_micros >= $2
         order by l.counter desc, l.account_cap_micros desc`,
        [bytea(account), spentMicros],
      );
      return records.map(toAllowance);
    },

    async unclassifiedSignatures(limit) {
      // Plan: allowances_not_looked_at.
      return await database.query<UnclassifiedSignature>(
        `select id, account, signature from allowances where by_contract is null
           and campaign is null limit $1`,
        [limit],
      );
    },

    async recordSignatureKinds(signings) {
      for (const byContract of [true, false]) {
        const ids = signings.filter((each) => each.byContract === byContract).map(({ id }) => id);
        // oxlint-disable-next-line no-await-in-loop -- two statements
        await database.query(
          "update signed_allowances set by_contract = $2 where id = any($1::bytea[])",
          [byteaArray(ids), byContract],
        );
      }
    },

    async capsToRecord(limit) {
      // Plan: allowances_by_contract, which holds the few contract wallets.
      const records = await database.query<AllowanceRecord>(
        `select distinct on (l.account) ${ALLOWANCE_COLUMNS_OF_L} from allowances l
         join accounts on address = l.account and accounts.counter = l.counter
         left join recorded_caps r on r.account = l.account and r.counter = l.counter
         left join settlements s on s.party = l.account
         where l.by_contract and l.account_cap_micros > coalesce(r.account_cap_micros, 0)
           and accounts.spent > greatest(coalesce(r.account_cap_micros, 0), coalesce(s.spent, 0))
         order by l.account, l.account_cap_micros desc
         limit $1`,
        [limit],
      );
      return records.map(toAllowance);
    },

    async oldestRefundRequest() {
      const [oldest] = await database.query<{ account: Address; requestedAt: Date }>(
        `select account, requested_at as "requestedAt" from refund_requests
         where not served and requested_at is not null order by requested_at limit 1`,
      );
      return oldest ?? null;
    },

    async mostUrgentChallenge() {
      const [urgent] = await database.query<{ account: Address; deadline: Date }>(
        "select account, deadline from challenges where outcome is null order by deadline limit 1",
      );
      return urgent ?? null;
    },
  };
}
