import type { Address, Hex } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import type {
  DebitOwner,
  DebitPlace,
  EventParties,
  InsightStore,
  LoggedDebit,
} from "./insightStore.ts";
import { toPriceBasis } from "@compute-credits/rules/pricing/pinnedRateJson";
import { bytea } from "@compute-credits/platform/postgres/values";

interface DebitRecord {
  readonly provider: Address;
  readonly event_id: string;
  readonly part: number;
  readonly account: Address;
  readonly allowance: Hex;
  readonly spender: Hex;
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimensions: Record<string, string>;
  readonly occurred_at: Date;
  readonly recorded_at: Date;
  readonly rate_card: number;
  readonly amount_micros: bigint;
  readonly fee_micros: bigint;
  readonly voided_at: Date | null;
  readonly price_basis: unknown;
}

const COLUMNS = `d.provider, d.event_id, d.part, d.account, d.allowance, d.spender, d.meter,
  d.quantity, d.dimensions, d.occurred_at, d.recorded_at, d.rate_card, d.amount_micros,
  d.fee_micros, d.price_basis, v.voided_at`;
const DEBITS = `debits d left join voids v on v.provider = d.provider and v.event_id = d.event_id`;

/**
 * Plan: debits_of_account or debits_of_provider backwards from the cursor; voids by primary key. An
 * incremental sort orders rows of the same millisecond. Only the plain bound on `recorded_at` can
 * use the index.
 */
const PAGE: Readonly<Record<DebitOwner["role"], string>> = {
  account: pageSql("d.account = $1"),
  provider: pageSql("d.provider = $1"),
  // Of each account that signed for the spender, its newest debits, and the newest of these.
  spender: `select page.* from (
      select distinct account from (
        select account from signed_allowances where spender = $1 and accepted
        union all
        select account from signed_allowances where spender = $1 and not accepted
      ) signed) payer
    cross join lateral (${pageSql("d.account = payer.account and d.spender = $1")}) page
    ${orderSql("page")}
    limit $10`,
};

function pageSql(isOwners: string): string {
  return `select ${COLUMNS} from ${DEBITS}
    where ${isOwners}
      and ($2::timestamptz is null or d.recorded_at >= $2)
      and ($3::timestamptz is null or d.recorded_at < $3)
      and ($4::text is null or d.meter = $4)
      and ($5::bytea is null or d.spender = $5)
      and ($6::timestamptz is null or (d.recorded_at <= $6
        and (d.recorded_at, d.provider, d.event_id, d.part)
          < ($6, $7::bytea, $8::text, $9::smallint)))
    ${orderSql("d")}
    limit $10`;
}

function orderSql(of: string): string {
  return `order by ${of}.recorded_at desc, ${of}.provider desc, ${of}.event_id desc, ${of}.part desc`;
}

export async function readDebits(
  sql: Sql,
  ...[owner, filter, { after, limit }]: Parameters<InsightStore["debits"]>
): Promise<readonly LoggedDebit[]> {
  const records = await sql.query<DebitRecord>(PAGE[owner.role], [
    bytea(owner.role === "spender" ? owner.spender : owner.address),
    filter.from,
    filter.to,
    filter.meter,
    filter.spender === null ? null : bytea(filter.spender),
    ...placeValues(after),
    limit,
  ]);
  return records.map(toDebit);
}

/** Reads whose event it is. Plan: debits by primary key. */
export async function readParties(
  sql: Sql,
  { provider, id }: { readonly provider: Address; readonly id: string },
): Promise<EventParties | null> {
  const parts = await sql.query<{ spender: Hex; account: Address }>(
    "select spender, account from debits where provider = $1 and event_id = $2 order by part",
    [bytea(provider), id],
  );
  const [first] = parts;
  if (first === undefined) return null;
  return { spender: first.spender, accounts: parts.map(({ account }) => account) };
}

/**
 * Reads all parts of one event, and the hash of its payload if the log has one. Plan: debits by
 * primary key.
 */
export async function readEvent(
  sql: Sql,
  { provider, id }: { provider: Address; id: string },
): Promise<{ parts: readonly LoggedDebit[]; payloadHash: Hex | null } | null> {
  const records = await sql.query<DebitRecord & { readonly payload_hash: Hex | null }>(
    `select ${COLUMNS}, d.payload_hash from ${DEBITS}
     where d.provider = $1 and d.event_id = $2 order by d.part`,
    [bytea(provider), id],
  );
  const [first] = records;
  return first === undefined
    ? null
    : { parts: records.map(toDebit), payloadHash: first.payload_hash };
}

function placeValues(place: DebitPlace | null): readonly unknown[] {
  if (place === null) return [null, null, null, null];
  return [place.recordedAt, bytea(place.provider), place.eventId, place.part];
}

function toDebit(record: DebitRecord): LoggedDebit {
  return {
    provider: record.provider,
    eventId: record.event_id,
    part: record.part,
    account: record.account,
    allowance: record.allowance,
    spender: record.spender,
    meter: record.meter,
    quantity: record.quantity,
    dimensions: record.dimensions,
    occurredAt: record.occurred_at,
    recordedAt: record.recorded_at,
    rateCardVersion: record.rate_card,
    amountMicros: record.amount_micros,
    feeMicros: record.fee_micros,
    priceBasis: toPriceBasis(record.price_basis),
    voidedAt: record.voided_at,
  };
}
