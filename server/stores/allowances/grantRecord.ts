import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { periodIndexAt } from "@compute-credits/rules/allowances/period";
import type { Grant } from "@compute-credits/rules/grants/grant";
import type { Issuer } from "@compute-credits/rules/grants/issuer";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { isAliveSql } from "../acceptances/acceptanceRecord.ts";
import type { IssuedGrant } from "./grantStore.ts";
import {
  ALLOWANCE_COLUMNS,
  ARRIVED_CTE,
  type AllowanceRecord,
  toListedAllowance,
} from "./allowanceRecord.ts";
import {
  booleanArray,
  bytea,
  byteaArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";

/** Reads a campaign's grants by their idempotency keys. */
export async function readGrantsByKey(
  tx: Sql,
  campaign: Hex,
  keys: readonly string[],
): Promise<readonly IssuedGrant[]> {
  // Plan: grants_of_campaign_by_key, once per key.
  const records = await tx.query<GrantRecord>(
    `select ${GRANT_COLUMNS} from allowances
     where campaign = $1 and grant_key = any($2::text[])`,
    [bytea(campaign), textArray(keys)],
  );
  return records.map(toGrant);
}

export type GrantRecord = AllowanceRecord & {
  readonly campaign: Hex;
  readonly grant_key: string;
  readonly issuer: Issuer | null;
};

export const GRANT_COLUMNS = `${ALLOWANCE_COLUMNS}, grant_key, issuer`;

export function toGrant(record: GrantRecord): IssuedGrant {
  const { campaign, grant_key: key, issuer } = record;
  return { key, campaign, grant: toListedAllowance(record), issuer };
}

/**
 * Inserts grants of one campaign. Those to spenders that accept the account count at once, and
 * enter the log. The caller holds the account's lock. `issuer` is `null` only for a code from
 * before there were issuing keys.
 */
export async function insertGrants(
  tx: Sql,
  grants: readonly Grant[],
  {
    now,
    issuer,
    accepting,
  }: {
    readonly now: Date;
    readonly issuer: Issuer | null;
    readonly accepting: ReadonlySet<SpenderId>;
  },
): Promise<void> {
  const [first] = grants;
  if (first === undefined) return;
  const messages = grants.map(({ message }) => message);
  const { account, accountCap, counter, salt } = first.message;
  // The count's row is locked until the commit, so only grants that count touch it.
  const arrives = messages.some(({ spender }) => accepting.has(spender));
  await tx.query(
    `with ${arrives ? `${ARRIVED_CTE}, ` : ""}granted as (
       select * from unnest($8::bytea[], $9::text[], $10::bytea[], $11::numeric[], $12::numeric[],
         $13::numeric[], $14::numeric[], $15::numeric[], $16::smallint[], $17::bytea[],
         $18::jsonb[], $19::numeric[], $20::boolean[])
         as granted (id, grant_key, spender, limit_micros, period_seconds, rollover_micros,
           starts_at, expires_at, priority, scope, names, period_index, accepted)
     ), signed as (
       insert into signed_allowances (account, account_cap_micros, counter, salt, signature,
         by_contract, campaign, created_at, id, grant_key, spender, period_seconds, starts_at,
         expires_at, priority, scope, scope_providers, scope_meters, issuer, accepted,
         arrival, log_order, transaction_id)
       select $1, $2, $3, $4, $5, $21, $6, $7,
         id, grant_key, spender, period_seconds, starts_at, expires_at, priority, scope,
         array(select jsonb_array_elements_text(names -> 'providers')::bytea),
         array(select jsonb_array_elements_text(names -> 'meters')), $22, accepted,
         ${arrives ? "case when accepted then (select count from arrived) else 0 end" : "0"},
         case when accepted then nextval('log_order') end,
         case when accepted then pg_current_xact_id()::text::bigint end
       from granted
     )
     insert into allowance_usage (id, limit_micros, rollover_micros, period_index)
     select id, limit_micros, rollover_micros, period_index from granted`,
    [
      bytea(account),
      accountCap,
      counter,
      salt,
      bytea(first.signature),
      bytea(first.campaign),
      now,
      byteaArray(grants.map(({ id }) => id)),
      textArray(grants.map(({ key }) => key)),
      byteaArray(messages.map(({ spender }) => spender)),
      numberArray(messages.map(({ limit }) => limit)),
      numberArray(messages.map(({ period }) => period)),
      numberArray(messages.map(({ rollover }) => rollover)),
      numberArray(messages.map(({ startsAt }) => startsAt)),
      numberArray(messages.map(({ expiresAt }) => expiresAt)),
      numberArray(messages.map(({ priority }) => priority)),
      byteaArray(messages.map(({ scope }) => scope)),
      // As JSON, because a PostgreSQL array cannot hold arrays of different lengths.
      textArray(
        grants.map(({ scope: { providers, meters } }) =>
          JSON.stringify({ providers: providers.map(bytea), meters }),
        ),
      ),
      // Starts with the current period: nothing rolls over from periods before the grant existed.
      numberArray(messages.map((message) => periodIndexAt(message, now))),
      booleanArray(messages.map(({ spender }) => accepting.has(spender))),
      first.byContract,
      issuer === null ? null : bytea(issuer),
    ],
  );
}

/** Counts what each spender has of the account that can still pay. */
export async function countOfPairs(
  sql: Sql,
  account: Address,
  spenders: readonly SpenderId[],
): Promise<Map<SpenderId, number>> {
  // Plan: allowances_of_pair, once per spender.
  const counts = await sql.query<{ spender: SpenderId; count: bigint }>(
    `select l.spender, count(*) as count from allowances l join accounts a on a.address = l.account
     where l.spender = any($1::bytea[]) and l.account = $2 and ${isAliveSql("clock_timestamp()")}
     group by l.spender`,
    [byteaArray([...new Set(spenders)]), bytea(account)],
  );
  return new Map(counts.map(({ spender, count }) => [spender, Number(count)]));
}
