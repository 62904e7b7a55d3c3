import type { Address } from "viem";

import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import { type RefundRequest, isRefundServed } from "@compute-credits/rules/accounts/refundRequest";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";

/** Events with a row of their own, whose key is their position on the chain. */
const TABLES = {
  purchased: "purchases",
  refund_requested: "refund_requests",
  challenged: "challenges",
  fees_claimed: "fee_claims",
} as const;

/**
 * The events that the ledger lacks. All lie in one range of blocks. What is found depends on what
 * is recorded now: recording one event may show that a later one of its account is missed too.
 */
export async function findMissed(
  sql: Sql,
  events: readonly ChainEvent[],
): Promise<readonly ChainEvent[]> {
  const first = events[0]?.blockNumber ?? 0n;
  const last = events.at(-1)?.blockNumber ?? 0n;
  const known = new Set<string>();
  for (const [type, table] of Object.entries(TABLES)) {
    // Plan: a range of the primary key.
    // oxlint-disable-next-line no-await-in-loop -- four tables
    const places = await sql.query<{ block: bigint; log: number }>(
      `select block_number as block, log_index as log from ${table}
       where block_number between $1 and $2`,
      [first, last],
    );
    for (const { block, log } of places) known.add(`${type} ${block} ${log}`);
  }
  const missed: ChainEvent[] = [];
  for (const event of events) {
    const name = `${event.type} ${event.blockNumber} ${event.logIndex}`;
    // oxlint-disable-next-line no-await-in-loop -- one connection
    if (!known.has(name) && (await isMissed(sql, event))) missed.push(event);
  }
  return missed;
}

/** Whether the ledger lacks an event. One with a row of its own is asked for only without it. */
export async function isMissed(sql: Sql, event: ChainEvent): Promise<boolean> {
  const { blockNumber, logIndex } = event;
  switch (event.type) {
    case "purchased":
    case "refund_requested":
    case "fees_claimed":
      return !(await isRecorded(sql, TABLES[event.type], event));
    case "refund_served":
      return (await openRequest(sql, event.account, event)) !== null;
    case "row_settled": {
      // A party's numbers only grow, so a later row holds an earlier one.
      const behind = await found(
        sql,
        `select where not exists (select from settlements where party = $1
           and spent >= $2 and refunded >= $3 and earned >= $4)`,
        [bytea(event.party), event.spent, event.refunded, event.earned],
      );
      if (behind) return true;
      const request = await openRequest(sql, event.party, event);
      return request !== null && isRefundServed(request, event);
    }
    case "counter_raised":
      return !(await found(
        sql,
        `select from accounts join ended_counters e on account = address
         where address = $1 and accounts.counter >= $2 and e.counter = $2 - 1`,
        [bytea(event.account), event.counter],
      ));
    case "cap_recorded":
      // A cap on record only grows.
      return !(await found(
        sql,
        `select from recorded_caps
         where account = $1 and counter = $2 and account_cap_micros >= $3`,
        [bytea(event.account), event.counter, event.accountCapMicros],
      ));
    case "checkpoint_submitted":
      // A row that the chain has dropped since needs nothing, and neither does its submission.
      return !(await found(
        sql,
        `select from checkpoints where epoch = $1 and root = $2
           and (final_at is not null or (dropped and abandoned_at is null))`,
        [event.epoch, bytea(event.root)],
      ));
    case "checkpoint_dropped":
      return await found(
        sql,
        `select from checkpoints
         where epoch = $1 and root = $2 and not dropped and submitted_block <= $3`,
        [event.epoch, bytea(event.root), blockNumber],
      );
    case "challenged":
      return (
        !(await isRecorded(sql, TABLES.challenged, event)) &&
        (await found(
          sql,
          `select from checkpoints
           where epoch = $1 and not dropped and submitted_block <= $2`,
          [event.epoch, blockNumber],
        ))
      );
    case "challenge_answered":
    case "challenge_unanswered":
      return await found(
        sql,
        `select from challenges where account = $1 and challenger = $2 and outcome is null
           and (block_number, log_index) < ($3, $4)`,
        [bytea(event.account), bytea(event.challenger), blockNumber, logIndex],
      );
    case "frozen":
      return await found(sql, "select from chain_cursor where frozen_at is null", []);
    default:
      return event satisfies never;
  }
}

/** The account's open refund request, if it is older than the event. */
async function openRequest(
  sql: Sql,
  account: Address,
  { blockNumber, logIndex }: ChainEvent,
): Promise<RefundRequest | null> {
  // Plan: open_refund_requests, one row.
  const [request] = await sql.query<RefundRequest>(
    `select requested_micros as "requestedMicros", unspent_micros as "unspentMicros",
       refunded_micros as "refundedMicros"
     from refund_requests
     where account = $1 and not served and (block_number, log_index) < ($2, $3)`,
    [bytea(account), blockNumber, logIndex],
  );
  return request ?? null;
}

async function isRecorded(
  sql: Sql,
  table: (typeof TABLES)[keyof typeof TABLES],
  { blockNumber, logIndex }: ChainEvent,
): Promise<boolean> {
  return await found(sql, `select from ${table} where block_number = $1 and log_index = $2`, [
    blockNumber,
    logIndex,
  ]);
}

async function found(sql: Sql, query: string, values: readonly unknown[]): Promise<boolean> {
  return (await sql.query(`${query} limit 1`, values)).length > 0;
}
