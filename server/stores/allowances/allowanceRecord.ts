import type { Address, Hex } from "viem";

import type { Scope } from "@compute-credits/protocol/messages/allowance";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { ListedAllowance } from "./allowanceStore.ts";

const COLUMNS = [
  "id",
  "account",
  "spender",
  "limit_micros",
  "period_seconds",
  "rollover_micros",
  "starts_at",
  "expires_at",
  "priority",
  "scope",
  "scope_providers",
  "scope_meters",
  "account_cap_micros",
  "counter",
  "salt",
  "signature",
  "by_contract",
  "campaign",
  "accepted",
  "created_at",
  "revoked_at",
  "period_index",
  "carried_micros",
  "period_spent",
  "spent",
];

export const ALLOWANCE_COLUMNS = COLUMNS.join(", ");

/** The same columns, for a statement that aliases the table as `l`. */
export const ALLOWANCE_COLUMNS_OF_L = COLUMNS.map((column) => `l.${column}`).join(", ");

/**
 * SQL: the CTE `arrived`. Every statement that changes which allowances count raises this count, so
 * that caches notice (allowanceCache.ts).
 */
export const ARRIVED_CTE =
  "arrived as (update allowance_arrivals set count = count + 1 returning count)";

export interface AllowanceRecord {
  readonly id: Hex;
  readonly account: Address;
  readonly spender: Hex;
  readonly limit_micros: bigint;
  readonly period_seconds: bigint;
  readonly rollover_micros: bigint;
  readonly starts_at: bigint;
  readonly expires_at: bigint;
  readonly priority: number;
  readonly scope: Hex;
  readonly scope_providers: readonly Address[];
  readonly scope_meters: readonly string[];
  readonly account_cap_micros: bigint;
  readonly counter: bigint;
  readonly salt: bigint;
  readonly signature: Hex;
  readonly by_contract: boolean | null;
  readonly campaign: Hex | null;
  readonly accepted: boolean;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
  readonly period_index: bigint;
  readonly carried_micros: bigint;
  readonly period_spent: bigint;
  readonly spent: bigint;
}

export function toAllowance(record: AllowanceRecord): Allowance {
  const isUnrestricted = record.scope_providers.length === 0 && record.scope_meters.length === 0;
  return {
    id: record.id,
    message: {
      account: record.account,
      spender: record.spender,
      limit: record.limit_micros,
      period: record.period_seconds,
      rollover: record.rollover_micros,
      startsAt: record.starts_at,
      expiresAt: record.expires_at,
      priority: record.priority,
      scope: record.scope,
      accountCap: record.account_cap_micros,
      counter: record.counter,
      salt: record.salt,
    },
    scope: isUnrestricted
      ? UNRESTRICTED
      : { providers: record.scope_providers, meters: record.scope_meters },
    signature: record.signature,
    // An older server stored it without a look. Until classifySignatures.ts has looked, it counts
    // as a contract's, never as a key's.
    byContract: record.by_contract ?? true,
    campaign: record.campaign,
    createdAt: record.created_at,
    revokedAt: record.revoked_at,
    usage: {
      periodIndex: record.period_index,
      carriedMicros: record.carried_micros,
      periodSpentMicros: record.period_spent,
      spentMicros: record.spent,
    },
  };
}

/** An allowance, and whether it counts: whether its spender has accepted the account. */
export function toListedAllowance(record: AllowanceRecord): ListedAllowance {
  return { ...toAllowance(record), accepted: record.accepted };
}

/** Shared by all unrestricted allowances, because thousands of them are cached. */
const UNRESTRICTED: Scope = { providers: [], meters: [] };

/**
 * SQL: an allowance comes after the one with the id `cursor`, by creation; true without a cursor.
 * Only the first bound can use an index. Another account's id ends the list, as an unknown one
 * does: `account` is the parameter with the list's account.
 */
export function isAfterSql(cursor: string, account: string): string {
  return `(${cursor}::bytea is null
    or (created_at >= (select c.created_at from allowances c
        where c.id = ${cursor} and c.account = ${account})
      and (created_at, id) > (select c.created_at, c.id from allowances c where c.id = ${cursor})))`;
}
