import type { Address } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  bytea,
  byteaArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import { max, min } from "@compute-credits/protocol/amounts";
import type { LogEntry, LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { isVisible } from "../replay/snapshot.ts";

/**
 * What providers have earned in the log beyond the last agreed checkpoint. Kept by provider and
 * page, so that a receipt of a long log is checked in milliseconds.
 */

/** Keeps a page of the log. An entry that is kept already, or that the last cut holds, counts once. */
export async function keepAhead(sql: Sql, entries: readonly LogEntry[]): Promise<void> {
  const counted = entries.filter(
    (entry) => entry.kind === "debit" || entry.kind === "void" || entry.kind === "receipt",
  );
  if (counted.length === 0) return;
  const ahead = await unheld(sql, counted);
  await keepCharges(
    sql,
    ahead.filter((entry) => entry.kind === "debit"),
  );
  await keepVoids(
    sql,
    ahead.filter((entry) => entry.kind === "void"),
  );
  await keepReceipts(sql, ahead);
}

/** Forgets what an agreed cut holds: it is in the parties' rows. */
export async function forgetHeld(sql: Sql, snapshot: string): Promise<void> {
  await sql.query(
    "delete from earnings_ahead where newest_transaction < pg_snapshot_xmin($1::pg_snapshot)::text::bigint",
    [snapshot],
  );
  // The pages that the end of the cut divides.
  await sql.query(
    `with divided as (
       delete from earnings_ahead
       where oldest_transaction < pg_snapshot_xmax($1::pg_snapshot)::text::bigint returning *)
     insert into earnings_ahead (provider, first_order, last_order, oldest_transaction,
       newest_transaction, earned_micros, ids, orders, transactions, earned)
     select provider, min(one.log_order), max(one.log_order), min(one.transaction),
       max(one.transaction), sum(one.earned), array_agg(one.id), array_agg(one.log_order),
       array_agg(one.transaction), array_agg(one.earned)
     from divided, unnest(ids, orders, transactions, earned)
       as one (id, log_order, transaction, earned)
     where not pg_visible_in_snapshot(one.transaction::text::xid8, $1::pg_snapshot)
     group by provider, divided.last_order`,
    [snapshot],
  );
  const isHeld = "pg_visible_in_snapshot(transaction::text::xid8, $1::pg_snapshot)";
  await sql.query(`delete from voids_ahead where ${isHeld}`, [snapshot]);
  // A provider's last receipt is still to be signed.
  await sql.query(
    `delete from receipts_ahead r where ${isHeld} and (sent or exists (
       select from receipts_ahead later
       where later.provider = r.provider and later.log_order > r.log_order))`,
    [snapshot],
  );
}

/** What the last agreed checkpoint pays a provider. */
export async function paidByLast(sql: Sql, provider: Address): Promise<bigint> {
  const [party] = await sql.query<{ earned: bigint }>(
    "select earned from parties where address = $1",
    [bytea(provider)],
  );
  return party?.earned ?? 0n;
}

/**
 * What a provider has earned in the log up to an entry: by its row of the last agreed checkpoint,
 * and by what was charged and voided since. `null` if it voided what that checkpoint holds, which
 * only the next one takes off.
 */
export async function earnedUpTo(
  sql: Sql,
  provider: Address,
  order: bigint,
): Promise<bigint | null> {
  // Plan: earnings_ahead_of_provider; arrays only of the page that the entry is in.
  const [sums] = await sql.query<{ settled: bigint; charged: bigint; voids: bigint }>(
    `select coalesce((select earned from parties where address = $1), 0)::bigint as settled,
       (select coalesce(sum(case when last_order < $2 then earned_micros else
            (select coalesce(sum(amount), 0) from unnest(orders, earned) as one (log_order, amount)
             where log_order < $2) end), 0)
        from earnings_ahead where provider = $1 and first_order < $2)::bigint as charged,
       (select count(*) from voids_ahead where provider = $1 and log_order < $2) as voids`,
    [bytea(provider), order],
  );
  if (sums === undefined) throw new Error("a query of sums returned no row");
  if (sums.voids === 0n) return sums.settled + sums.charged;
  // Plan: all of the provider's charges once, joined with its voids.
  const [voided] = await sql.query<{ earned: bigint; charges: bigint }>(
    `select coalesce(sum(one.earned), 0)::bigint as earned, count(*) as charges
     from earnings_ahead, unnest(ids, earned) as one (id, earned)
       join (select id from voids_ahead where provider = $1 and log_order < $2) as void using (id)
     where provider = $1`,
    [bytea(provider), order],
  );
  if (voided?.charges !== sums.voids) return null;
  return sums.settled + sums.charged - voided.earned;
}

type Placed = LogEntryOf<"debit"> | LogEntryOf<"void"> | LogEntryOf<"receipt">;

async function unheld(sql: Sql, entries: readonly Placed[]): Promise<Placed[]> {
  const orders = entries.map(({ order }) => order);
  const [last] = await sql.query<{ snapshot: string }>(
    "select snapshot from cuts order by id desc limit 1",
  );
  // Plan: earnings_ahead_by_order. Voids and receipts have their order as key.
  const kept = await sql.query<{ order: bigint }>(
    `select unnest(orders) as "order" from earnings_ahead
     where last_order >= $1 and first_order <= $2`,
    [orders.reduce(min), orders.reduce(max)],
  );
  const known = new Set(kept.map(({ order }) => order));
  return entries.filter(
    ({ order, transaction }) =>
      !known.has(order) && (last === undefined || !isVisible(last.snapshot, transaction)),
  );
}

async function keepCharges(sql: Sql, entries: readonly LogEntryOf<"debit">[]): Promise<void> {
  for (const [provider, charges] of Map.groupBy(entries, (entry) => entry.provider)) {
    const orders = charges.map(({ order }) => order);
    const transactions = charges.map(({ transaction }) => transaction);
    const earned = charges.map(earnedBy);
    // oxlint-disable-next-line no-await-in-loop -- a page is of few providers
    await sql.query(
      `insert into earnings_ahead (provider, first_order, last_order, oldest_transaction,
         newest_transaction, earned_micros, ids, orders, transactions, earned)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        bytea(provider),
        orders.reduce(min),
        orders.reduce(max),
        transactions.reduce(min),
        transactions.reduce(max),
        earned.reduce((sum, amount) => sum + amount, 0n),
        textArray(charges.map(({ id }) => id)),
        numberArray(orders),
        numberArray(transactions),
        numberArray(earned),
      ],
    );
  }
}

function earnedBy({ charges }: LogEntryOf<"debit">): bigint {
  return charges.reduce((sum, { amountMicros, feeMicros }) => sum + amountMicros - feeMicros, 0n);
}

async function keepVoids(sql: Sql, entries: readonly LogEntryOf<"void">[]): Promise<void> {
  if (entries.length === 0) return;
  await sql.query(
    `insert into voids_ahead (log_order, transaction, provider, id)
     select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::text[]) on conflict do nothing`,
    [
      numberArray(entries.map(({ order }) => order)),
      numberArray(entries.map(({ transaction }) => transaction)),
      byteaArray(entries.map(({ provider }) => provider)),
      textArray(entries.map(({ id }) => id)),
    ],
  );
}

/** Keeps the receipts among the entries, also of a checkpoint: they are signed once it is agreed. */
export async function keepReceipts(sql: Sql, all: readonly LogEntry[]): Promise<void> {
  const entries = all.filter((entry) => entry.kind === "receipt");
  if (entries.length === 0) return;
  await sql.query(
    `insert into receipts_ahead (log_order, transaction, provider, earned, epoch)
     select * from unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bigint[])
     on conflict do nothing`,
    [
      numberArray(entries.map(({ order }) => order)),
      numberArray(entries.map(({ transaction }) => transaction)),
      byteaArray(entries.map(({ provider }) => provider)),
      numberArray(entries.map(({ earned }) => earned)),
      numberArray(entries.map(({ epoch }) => epoch)),
    ],
  );
}
