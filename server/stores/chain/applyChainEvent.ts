import type { Address } from "viem";

import {
  type RefundRequest,
  isRefundServed,
  openRefundRequest,
} from "@compute-credits/rules/accounts/refundRequest";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { ACCOUNT_COLUMNS, type AccountRecord, toAccount } from "../accounts/accountRecord.ts";
import { keepFeeClaim, keepSettledRow } from "./chainHistory.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

/** SQL: a recorded cap as a bigint. No account ever spends more. */
const FITTING_CAP = "least(account_cap_micros, 9223372036854775807)::bigint";

/** Applies one event of the chain. The caller holds the locks of `lockInOrder`. */
export async function applyChainEvent(tx: Sql, event: ChainEvent): Promise<void> {
  switch (event.type) {
    case "purchased":
      await tx.query(
        `insert into accounts (address, purchased) values ($1, $2)
         on conflict (address) do update set purchased = accounts.purchased + excluded.purchased`,
        [bytea(event.account), event.amountMicros],
      );
      await tx.query(
        `insert into purchases (block_number, log_index, transaction_hash, account, payer,
           amount_micros, token_amount)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [
          event.blockNumber,
          event.logIndex,
          bytea(event.transactionHash),
          bytea(event.account),
          bytea(event.payer),
          event.amountMicros,
          event.tokenAmount,
        ],
      );
      return;
    case "refund_requested":
      await applyRefundRequested(tx, event);
      return;
    case "refund_served":
      await closeRequest(tx, event.account);
      return;
    case "counter_raised":
      await tx.query(
        // A cap may be on record for a counter before the account reaches it.
        `insert into accounts (address, counter, recorded_cap)
         select $1::bytea, $2::bigint, coalesce((select ${FITTING_CAP} from recorded_caps
           where account = $1 and counter = $2), 0)
         on conflict (address) do update set counter = excluded.counter,
           recorded_cap = excluded.recorded_cap`,
        [bytea(event.account), event.counter],
      );
      await tx.query(
        `insert into ended_counters (account, counter, ended_at) values ($1, $2, $3)
         on conflict (account, counter) do update set ended_at = excluded.ended_at`,
        [bytea(event.account), event.counter - 1n, event.blockTime],
      );
      return;
    case "row_settled":
      await applyRowSettled(tx, event);
      return;
    case "checkpoint_submitted":
      await applyCheckpointSubmitted(tx, event);
      return;
    case "checkpoint_dropped":
      await tx.query(
        `update challenges set outcome = 'void' where outcome is null
           and checkpoint in (select id from checkpoints where epoch = $1 and root = $2
             and not dropped)`,
        [event.epoch, bytea(event.root)],
      );
      await tx.query(
        `update checkpoints set dropped = true, dropped_at = $3
         where epoch = $1 and root = $2 and not dropped`,
        [event.epoch, bytea(event.root), event.blockTime],
      );
      return;
    case "challenged":
      await tx.query(
        `insert into challenges (block_number, log_index, checkpoint, account, challenger, spent,
           refunded, earned, deadline)
         select $1, $2, id, $4, $5, $6, $7, $8, $9 from checkpoints where epoch = $3
           and not dropped`,
        [
          event.blockNumber,
          event.logIndex,
          event.epoch,
          bytea(event.account),
          bytea(event.challenger),
          event.spent,
          event.refunded,
          event.earned,
          event.deadline,
        ],
      );
      return;
    case "challenge_answered":
    case "challenge_unanswered":
      await tx.query(
        `update challenges set outcome = $3 where account = $1 and challenger = $2
           and outcome is null`,
        [
          bytea(event.account),
          bytea(event.challenger),
          event.type === "challenge_answered" ? "answered" : "unanswered",
        ],
      );
      return;
    case "cap_recorded":
      await tx.query(
        `insert into recorded_caps (account, counter, account_cap_micros) values ($1, $2, $3)
         on conflict (account, counter) do update
           set account_cap_micros = excluded.account_cap_micros`,
        [bytea(event.account), event.counter, event.accountCapMicros],
      );
      // Debits read it with the account's row, under its lock.
      await tx.query(
        `insert into accounts (address, recorded_cap)
         select account, ${FITTING_CAP} from recorded_caps where account = $1 and counter = 0
         on conflict (address) do nothing`,
        [bytea(event.account)],
      );
      await tx.query(
        `update accounts set recorded_cap = ${FITTING_CAP} from recorded_caps r
         where address = $1 and r.account = $1 and r.counter = accounts.counter`,
        [bytea(event.account)],
      );
      return;
    case "fees_claimed":
      await keepFeeClaim(tx, event, "now");
      return;
    case "frozen":
      await tx.query("update chain_cursor set frozen_at = $1", [event.blockTime]);
      return;
    default:
      event satisfies never;
  }
}

/**
 * Marks the ledger's checkpoint as submitted. Co-signers alone may also submit one that the ledger
 * has abandoned.
 */
async function applyCheckpointSubmitted(
  tx: Sql,
  event: Extract<ChainEvent, { type: "checkpoint_submitted" }>,
): Promise<void> {
  const at = [event.epoch, bytea(event.root)];
  // Abandons the ledger's other checkpoint of this epoch, unless signing has begun. In that case
  // the next update violates the unique index, and nothing is applied.
  await tx.query(
    `update checkpoints set dropped = true, abandoned_at = clock_timestamp()
     where epoch = $1 and root <> $2 and not dropped and signing_at is null`,
    at,
  );
  const known = await tx.query(
    `update checkpoints
     set dropped = false, abandoned_at = null, final_at = $3, submitted_block = $4,
       transaction_hash = $5
     where id = (select id from checkpoints
       where epoch = $1 and root = $2 and (not dropped or abandoned_at is not null)
       order by dropped, id desc limit 1)
     returning id`,
    [...at, event.finalAt, event.blockNumber, bytea(event.transactionHash)],
  );
  if (known.length === 0) {
    throw new Error(
      `checkpoint ${event.epoch} on chain has the root ${event.root}, ` +
        "which this ledger did not cut: " +
        "the signers work from another database",
    );
  }
}

/**
 * Sets the requested credits aside under the account's lock. Nothing else can spend them from then
 * on.
 */
async function applyRefundRequested(
  tx: Sql,
  event: Extract<ChainEvent, { type: "refund_requested" }>,
): Promise<void> {
  const [record] = await tx.query<AccountRecord>(
    `select ${ACCOUNT_COLUMNS} from accounts where address = $1 for update`,
    [bytea(event.account)],
  );
  if (record === undefined) {
    throw new Error(
      `${event.account} requested a refund but has no purchases: earlier events are missing`,
    );
  }
  const account = openRefundRequest(toAccount(record), event);
  await tx.query("update accounts set refunding = $2, refund_waiting = $3 where address = $1", [
    bytea(event.account),
    account.refunding,
    account.refundWaiting,
  ]);
  // The contract accepts a request only if nothing is due of the previous one.
  await tx.query("update refund_requests set served = true where account = $1 and not served", [
    bytea(event.account),
  ]);
  await insertRefundRequest(tx, event, { served: false });
}

/** Writes a request down, without any effect on the account. */
export async function insertRefundRequest(
  tx: Sql,
  event: Extract<ChainEvent, { type: "refund_requested" }>,
  { served }: { readonly served: boolean },
): Promise<void> {
  await tx.query(
    `insert into refund_requests (block_number, log_index, transaction_hash, account,
       requested_micros, unspent_micros, refunded_micros, requested_at, served)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      event.blockNumber,
      event.logIndex,
      bytea(event.transactionHash),
      bytea(event.account),
      event.requestedMicros,
      event.unspentMicros,
      event.refundedMicros,
      event.blockTime,
      served,
    ],
  );
}

/**
 * Records a settled row, unless a later one is recorded: a repair comes late. Closes the party's
 * refund request if the row serves it. The contract also emits `RefundServed` then. The rule is
 * applied here too, so that both must agree.
 */
async function applyRowSettled(
  tx: Sql,
  event: Extract<ChainEvent, { type: "row_settled" }>,
): Promise<void> {
  await keepSettledRow(tx, event, "now");
  await tx.query(
    `insert into settlements (party, epoch, spent, refunded, earned) values ($1, $2, $3, $4, $5)
     on conflict (party) do update set epoch = excluded.epoch, spent = excluded.spent,
       refunded = excluded.refunded, earned = excluded.earned
     where settlements.spent <= excluded.spent and settlements.refunded <= excluded.refunded
       and settlements.earned <= excluded.earned`,
    [bytea(event.party), event.epoch, event.spent, event.refunded, event.earned],
  );
  // Plan: open_refund_requests, one row.
  const [request] = await tx.query<RefundRequest>(
    `select requested_micros as "requestedMicros", unspent_micros as "unspentMicros",
       refunded_micros as "refundedMicros"
     from refund_requests where account = $1 and not served`,
    [bytea(event.party)],
  );
  if (request !== undefined && isRefundServed(request, event)) {
    await closeRequest(tx, event.party);
  }
}

/** Closes the open request. Credits that holds or voids return later stay with the account. */
async function closeRequest(tx: Sql, account: Address): Promise<void> {
  await tx.query("update refund_requests set served = true where account = $1 and not served", [
    bytea(account),
  ]);
  await tx.query("update accounts set refund_waiting = 0 where address = $1", [bytea(account)]);
}
