import type { Database } from "@compute-credits/platform/postgres/database";
import type { DueChallenge, DutyStore, OpenRefund } from "./dutyStore.ts";

/** Open requests and challenges are few: an account has one request, and each challenge a stake. */
export function createDutyStore(database: Database): DutyStore {
  return {
    open: (limit) =>
      database.transaction(
        async (sql) => {
          // Plan: open_refund_requests, then a sort.
          const refunds = await sql.query<OpenRefund & { readonly count: number }>(
            `select account, requested_micros as "requestedMicros", requested_at as "requestedAt",
               count(*) over ()::integer as count
             from refund_requests where not served and requested_at is not null
             order by requested_at, account limit $1`,
            [limit],
          );
          // Plan: open_challenges, then a sort.
          const challenges = await sql.query<DueChallenge & { readonly count: number }>(
            `select account, challenger, deadline, count(*) over ()::integer as count
             from challenges where outcome is null order by deadline, account, challenger limit $1`,
            [limit],
          );
          return {
            refunds,
            refundCount: refunds[0]?.count ?? 0,
            challenges,
            challengeCount: challenges[0]?.count ?? 0,
          };
        },
        { isolation: "repeatable read" },
      ),
  };
}
