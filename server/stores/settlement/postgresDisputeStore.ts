import type { Address } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import type { DisputeStore, OpenChallenge } from "./disputeStore.ts";
import {
  ALLOWANCE_COLUMNS_OF_L,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

/**
 * SQL: how many of an account's credits a recorded cap would make spendable, in micro-credits. None
 * if the cap on record covers all credits.
 */
const UNLOCKED_MICROS = `(least(l.account_cap_micros, a.purchased - a.refunding - a.refunded)
  - greatest(a.recorded_cap, a.spent + a.held))`;

/** A recording that was sent is looked at again: a reorganised block may have undone it. */
const UNTIL_CONFIRMED = "10 minutes";
const FIRST_PAUSE = "1 minute";
const LONGEST_PAUSE = "1 day";

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

    async challengersOf(account, limit) {
      // Plan: open_challenges, which has the few that wait for an answer: each costs a stake.
      const found = await database.query<{ challenger: Address }>(
        `select distinct challenger from challenges
         where account = $1 and outcome is null order by challenger limit $2`,
        [bytea(account), limit],
      );
      return found.map(({ challenger }) => challenger);
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

    async capsToRecord({ limit, worthMicros }) {
      // Plan: allowances_by_contract, which holds the few contract wallets. Of an account's
      // allowances, those that failed least come first, so that a bad one does not hide a good one.
      const records = await database.query<AllowanceRecord>(
        `select * from (
           select distinct on (l.account) ${ALLOWANCE_COLUMNS_OF_L}, ${UNLOCKED_MICROS} as unlocked
           from allowances l join accounts a on a.address = l.account and a.counter = l.counter
             left join cap_attempts t on t.allowance = l.id
           where l.by_contract and l.campaign is null and ${UNLOCKED_MICROS} >= $2
             and l.revoked_at is null
             and (l.expires_at = 0 or l.expires_at > extract(epoch from clock_timestamp()))
             and (t.retry_at is null or t.retry_at <= clock_timestamp())
             and not exists (select from cap_attempts f where f.account = l.account
               and f.failures > 0 and f.retry_at > clock_timestamp())
           order by l.account, coalesce(t.failures, 0), l.account_cap_micros desc, l.id
         ) as best order by unlocked desc, account limit $1`,
        [limit, worthMicros],
      );
      return records.map(toAllowance);
    },

    async noteCapAttempt(allowance, outcome) {
      const failed = outcome === "failed";
      // Plan: signed_allowances by primary key, cap_attempts_of_account.
      await database.query(
        `insert into cap_attempts (allowance, account, failures, retry_at)
         select id, account, $2::integer, clock_timestamp() + case when $2 = 0
             then interval '${UNTIL_CONFIRMED}'
             else least(interval '${LONGEST_PAUSE}', interval '${FIRST_PAUSE}' * power(2,
               least(20, (select coalesce(sum(failures), 0) from cap_attempts f
                 where f.account = s.account)))) end
         from signed_allowances s where id = $1
         on conflict (allowance) do update
           set failures = (cap_attempts.failures + 1) * excluded.failures, retry_at = excluded.retry_at`,
        [bytea(allowance), failed ? 1 : 0],
      );
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
