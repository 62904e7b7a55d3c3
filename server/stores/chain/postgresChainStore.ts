import type { Address } from "viem";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import {
  type RefundRequest,
  isRefundServed,
  openRefundRequest,
} from "@compute-credits/rules/accounts/refundRequest";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { ACCOUNT_COLUMNS, type AccountRecord, toAccount } from "../accounts/accountRecord.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";

export function createChainStore(database: Database): ChainStore {
  return {
    cursor: () => readCursor(database),

    async chainTime() {
      const [clock] = await database.query<{ now: Date }>(
        "select greatest(clock_timestamp(), block_time) as now from chain_cursor",
      );
      if (clock === undefined) throw new Error(NOT_CLAIMED);
      return clock.now;
    },

    async frozenAt() {
      const [found] = await database.query<{ frozen_at: Date | null }>(
        "select frozen_at from chain_cursor",
      );
      return found?.frozen_at ?? null;
    },

    async recordIdle({ number, hash }, agoMs) {
      // At most one write per half second: a local chain is polled ten times a second.
      await database.query(
        `update chain_cursor
         set quiet_at = block_time + (clock_timestamp() - $3 * interval '1 ms' - seen_at)
         where block_number = $1 and block_hash = $2 and (quiet_at is null
           or quiet_at < block_time + (clock_timestamp() - seen_at) - interval '500 ms')`,
        [number, bytea(hash), agoMs],
      );
    },

    apply: ({ from, upTo, events }) =>
      database.transaction(async (tx) => {
        const { number, hash } = await readCursor(tx, "for update");
        if (number !== from.number || hash !== from.hash) return false;

        await lockInOrder(tx, events);
        for (const event of events) {
          // oxlint-disable-next-line no-await-in-loop -- the order on the chain is the order in the ledger
          await applyEvent(tx, event);
        }
        // Last, while the locks of all changed accounts are held, so that the note's log order is
        // right for each account.
        if (events.length > 0) {
          await writeNotes(tx, [{ kind: "blocks", from: from.number + 1n, to: upTo.number }]);
        }
        await tx.query(
          `update chain_cursor set block_number = $1, block_hash = $2, block_time = $3,
             seen_at = clock_timestamp(), quiet_at = null`,
          [upTo.number, bytea(upTo.hash), upTo.time],
        );
        return true;
      }),
  };
}

async function readCursor(sql: Sql, lock: "" | "for update" = ""): Promise<BlockPoint> {
  const [cursor] = await sql.query<BlockPoint>(
    `select block_number as number, block_hash as hash, block_time as time
       from chain_cursor ${lock}`,
  );
  if (cursor === undefined) throw new Error(NOT_CLAIMED);
  return cursor;
}

const NOT_CLAIMED = "the database is not bound to a deployment yet";

/**
 * Takes all locks up front in the ledger's global lock order, because the chain's event order is
 * arbitrary. The table `checkpoints` comes first: a cut holds it while it waits for voids, and a
 * void may wait for an account. Then come the accounts by address, as in debits.
 */
async function lockInOrder(tx: Sql, events: readonly ChainEvent[]): Promise<void> {
  if (events.some(({ type }) => type.startsWith("checkpoint_") || type.startsWith("challenge"))) {
    await tx.query("lock table checkpoints in row exclusive mode");
  }
  const accounts = new Set(
    events.flatMap((event) => {
      switch (event.type) {
        case "purchased":
        case "refund_requested":
        case "refund_served":
        case "counter_raised":
          return event.account;
        case "row_settled":
          return event.party;
        default:
          return [];
      }
    }),
  );
  if (accounts.size > 1) {
    // Plan: accounts by primary key. An account without a row is only known to this transaction.
    await tx.query(
      "select 1 from accounts where address = any($1::bytea[]) order by address for update",
      [byteaArray([...accounts])],
    );
  }
}

async function applyEvent(tx: Sql, event: ChainEvent): Promise<void> {
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
        `insert into accounts (address, counter) values ($1, $2)
         on conflict (address) do update set counter = excluded.counter`,
        [bytea(event.account), event.counter],
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
  // The contract opens a request only if nothing is due of the one before.
  await tx.query("update refund_requests set served = true where account = $1 and not served", [
    bytea(event.account),
  ]);
  await tx.query(
    `insert into refund_requests (block_number, log_index, transaction_hash, account,
       requested_micros, unspent_micros, refunded_micros, requested_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      event.blockNumber,
      event.logIndex,
      bytea(event.transactionHash),
      bytea(event.account),
      event.requestedMicros,
      event.unspentMicros,
      event.refundedMicros,
      event.blockTime,
    ],
  );
}

/**
 * Records what the contract has settled of a party. Closes its refund request if that serves it:
 * decided by the contract's own rule, because it announces `RefundServed` only with a payout.
 */
async function applyRowSettled(
  tx: Sql,
  event: Extract<ChainEvent, { type: "row_settled" }>,
): Promise<void> {
  await tx.query(
    `insert into settlements (party, epoch, spent, refunded, earned) values ($1, $2, $3, $4, $5)
     on conflict (party) do update set epoch = excluded.epoch, spent = excluded.spent,
       refunded = excluded.refunded, earned = excluded.earned`,
    [bytea(event.party), event.epoch, event.spent, event.refunded, event.earned],
  );
  // open_refund_requests
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

/** What returns from now on stays with the account. */
async function closeRequest(tx: Sql, account: Address): Promise<void> {
  await tx.query("update refund_requests set served = true where account = $1 and not served", [
    bytea(account),
  ]);
  await tx.query("update accounts set refund_waiting = 0 where address = $1", [bytea(account)]);
}
