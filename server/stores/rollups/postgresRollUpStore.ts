import type { Address } from "viem";

import type { Database, Sql, Transaction } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { min } from "@compute-credits/protocol/amounts";
import type { CheckPlace, RollUpMismatch, RollUpStore } from "./rollUpStore.ts";
import { EMPTY_SNAPSHOT, IS_OF_THIS_SERVER, isRolledUpSql } from "./rolledUp.ts";

interface Position {
  readonly since: string;
  readonly up_to: string;
  readonly next_order: bigint;
  readonly end_order: bigint;
}

export function createRollUpStore(database: Database): RollUpStore {
  return {
    addNext: (most) => database.transaction((tx) => addNext(tx, most)),
    checkNext: (after) =>
      database.transaction((tx) => checkNext(tx, after), { isolation: "repeatable read" }),
    restart: () => database.transaction(restart),
  };
}

async function addNext(tx: Transaction, most: number): Promise<"done" | "more"> {
  const position = await lockPosition(tx);
  // Another server adds.
  if (position === null) return "done";
  const isOld = position.next_order < position.end_order;
  const window = isOld ? position : await nextWindow(tx, position);
  if (window === null) return "done";

  const end = min(window.next_order + BigInt(most), window.end_order);
  await tx.query(ADD_SLICE, [window.since, window.up_to, window.next_order, end]);
  const isWhole = end === window.end_order;
  await tx.query("update roll_up set since = $1, up_to = $2, next_order = $3, end_order = $4", [
    isWhole ? window.up_to : window.since,
    window.up_to,
    end,
    window.end_order,
  ]);
  // What came since an old window began is in none yet.
  return isWhole && !isOld ? "done" : "more";
}

/** Locks the position until the commit. `null` if another server holds it. */
async function lockPosition(tx: Transaction): Promise<Position | null> {
  await tx.query("insert into roll_up default values on conflict do nothing");
  const [found] = await tx.query<Position & { readonly is_of_this_server: boolean }>(
    `select since, up_to, next_order, end_order, ${IS_OF_THIS_SERVER} as is_of_this_server
     from roll_up for update skip locked`,
  );
  if (found === undefined) return null;
  if (found.is_of_this_server) return found;
  await restart(tx);
  return { since: EMPTY_SNAPSHOT, up_to: EMPTY_SNAPSHOT, next_order: 0n, end_order: 0n };
}

/** The window from the last one's end to now; `null` if the log has nothing new. */
async function nextWindow(tx: Sql, { up_to: since }: Position): Promise<Position | null> {
  const [now] = await tx.query<{ snapshot: string }>(
    "select pg_current_snapshot()::text as snapshot",
  );
  if (now === undefined) throw new Error("the database returned no snapshot");
  const orders = since === EMPTY_SNAPSHOT ? WHOLE_LOG : NEW_ORDERS;
  const [found] = await tx.query<{ first: bigint | null; last: bigint | null }>(
    orders,
    since === EMPTY_SNAPSHOT ? [] : [since, now.snapshot],
  );
  if (found?.first == null || found.last === null) return null;
  return { since, up_to: now.snapshot, next_order: found.first, end_order: found.last + 1n };
}

const WHOLE_LOG = "select 0::bigint as first, last_value as last from log_order where is_called";

/** Plan: debits_by_log_order and voids_by_log_order, block ranges. */
const NEW_ORDERS = `select min(log_order) as first, max(log_order) as last from (
    select log_order, transaction_id from debits where ${isAfter("debits")}
    union all select log_order, transaction_id from voids where ${isAfter("voids")}) as entries
  where pg_visible_in_snapshot(transaction_id::text::xid8, $2::pg_snapshot)
    and not pg_visible_in_snapshot(transaction_id::text::xid8, $1::pg_snapshot)`;

function isAfter(table: string): string {
  return `${table}.transaction_id >= (select pg_snapshot_xmin($1::pg_snapshot)::text::bigint)`;
}

function isInSlice(alias: string): string {
  const transaction = `${alias}.transaction_id::text::xid8`;
  return `${alias}.log_order >= $3 and ${alias}.log_order < $4
    and pg_visible_in_snapshot(${transaction}, $2::pg_snapshot)
    and not pg_visible_in_snapshot(${transaction}, $1::pg_snapshot)`;
}

const KEY = "account, day, provider, spender, allowance, meter";

/** SQL: the sums of `parts`, with a sign, as both tables have them. */
export const SUMS = `sum(sign) as parts, sum(sign * quantity) as part_quantity,
    coalesce(sum(sign) filter (where is_first_of_account), 0) as account_events,
    coalesce(sum(sign * quantity) filter (where is_first_of_account), 0) as account_quantity,
    coalesce(sum(sign) filter (where part = 0), 0) as events,
    coalesce(sum(sign * quantity) filter (where part = 0), 0) as quantity,
    sum(sign * amount_micros) as amount_micros, sum(sign * fee_micros) as fee_micros`;

/** SQL: the UTC day of a debit, and whether it is the first part that its account paid. */
export const DAY_AND_FIRST = `(d.recorded_at at time zone 'UTC')::date as day,
    (d.part = 0 or not exists (select from debits e
      where e.provider = d.provider and e.event_id = d.event_id and e.part < d.part
        and e.account = d.account)) as is_first_of_account`;

/** SQL: adds `excluded` to what the table has. */
function adding(table: string, columns: readonly string[]): string {
  return columns.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(", ");
}

const PAYER_SUMS = [
  "parts",
  "part_quantity",
  "account_events",
  "account_quantity",
  "events",
  "quantity",
  "amount_micros",
  "fee_micros",
];
const PROVIDER_SUMS = ["parts", "events", "quantity", "amount_micros", "fee_micros"];

/** Plan: a range of debits_by_log_order and voids_by_log_order; debits of voids by primary key. */
const ADD_SLICE = `with parts as (
    select d.*, 1 as sign, ${DAY_AND_FIRST} from debits d where ${isInSlice("d")}
    union all
    select d.*, -1 as sign, ${DAY_AND_FIRST} from voids v join debits d using (provider, event_id)
      where ${isInSlice("v")}
  ), deltas as (
    select ${KEY}, ${SUMS} from parts group by ${KEY}
  ), payers as (
    insert into payer_days (${KEY}, ${PAYER_SUMS.join(", ")})
      select ${KEY}, ${PAYER_SUMS.join(", ")} from deltas
      on conflict (${KEY}) do update set ${adding("payer_days", PAYER_SUMS)}
  )
  insert into provider_days (provider, day, meter, ${PROVIDER_SUMS.join(", ")})
    select provider, day, meter, ${PROVIDER_SUMS.map((column) => `sum(${column})`).join(", ")}
      from deltas group by provider, day, meter
    on conflict (provider, day, meter) do update set ${adding("provider_days", PROVIDER_SUMS)}`;

async function restart(tx: Transaction): Promise<void> {
  await tx.script(
    `delete from payer_days; delete from provider_days; delete from roll_up;
     insert into roll_up default values`,
  );
}

const POSITION = {
  since: "(select since from roll_up)",
  upTo: "(select up_to from roll_up)",
  nextOrder: "(select next_order from roll_up)",
};

interface CheckRecord {
  readonly account: Address;
  readonly provider: Address;
  readonly day: string;
  readonly is_right: boolean;
  readonly is_provider_right: boolean;
}

/**
 * Plan: payer_days by primary key from the place on; the day's range of debits_of_account, voids by
 * primary key; the provider's day by payer_days_of_provider.
 */
const CHECK_NEXT = `with place as (
    select account, day, provider from payer_days
    where $1::bytea is null or (account, day) > ($1, $2::date)
    order by account, day, provider limit 1
  ), held as (
    select ${KEY}, ${PAYER_SUMS.join(", ")} from payer_days
    where (account, day) = (select account, day from place) and parts <> 0
  ), parts as (
    select d.*, (${isRolledUpSql("d", POSITION)})::int
        - (v.event_id is not null and ${isRolledUpSql("v", POSITION)})::int as sign,
      ${DAY_AND_FIRST}
    from debits d left join voids v on v.provider = d.provider and v.event_id = d.event_id
    where d.account = (select account from place)
      and d.recorded_at >= (select day::timestamp at time zone 'UTC' from place)
      and d.recorded_at < (select (day + 1)::timestamp at time zone 'UTC' from place)
  ), logged as (
    select ${KEY}, ${SUMS} from parts group by ${KEY} having sum(sign) <> 0
  ), wrong as (
    (select * from held except select ${KEY}, ${PAYER_SUMS.join(", ")} from logged)
    union all (select ${KEY}, ${PAYER_SUMS.join(", ")} from logged except select * from held)
  ), of_provider as (
    select meter, ${PROVIDER_SUMS.join(", ")} from provider_days
      where (provider, day) = (select provider, day from place) and parts <> 0
  ), of_payers as (
    select meter, ${PROVIDER_SUMS.map((column) => `sum(${column})`).join(", ")} from payer_days
      where (provider, day) = (select provider, day from place) group by meter
      having sum(parts) <> 0
  ), wrong_provider as (
    (select * from of_provider except select * from of_payers)
    union all (select * from of_payers except select * from of_provider)
  )
  select account, provider, day::text as day, not exists (select from wrong) as is_right,
    not exists (select from wrong_provider) as is_provider_right
  from place`;

async function checkNext(
  tx: Sql,
  after: CheckPlace | null,
): Promise<{ place: CheckPlace | null; mismatch: RollUpMismatch | null }> {
  const [found] = await tx.query<CheckRecord>(CHECK_NEXT, [
    after === null ? null : bytea(after.address),
    after?.day ?? null,
  ]);
  if (found === undefined) return { place: null, mismatch: null };
  const { account, provider, day } = found;
  const place = { address: account, day };
  if (!found.is_right) return { place, mismatch: { role: "account", address: account, day } };
  if (found.is_provider_right) return { place, mismatch: null };
  return { place, mismatch: { role: "provider", address: provider, day } };
}
