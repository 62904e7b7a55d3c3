import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { SpendingState } from "@compute-credits/rules/spending/spendingDraft";
import { max } from "@compute-credits/protocol/amounts";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { PriceClock } from "../pricing/priceClock.ts";
import { byteaArray } from "@compute-credits/platform/postgres/values";

/** A provider's request to bill a spender. */
export interface AccessPair {
  readonly spender: SpenderId;
  readonly provider: Address;
}

type HasAccess = SpendingState["hasAccess"];

/** Caches which provider may bill which spender. */
export interface AccessCache {
  /**
   * Returns access as of the count of revocations. Read that count under the payers' locks: the
   * cache holds until `accessRevocations` shows that any access was revoked.
   */
  read(
    sql: Sql,
    pairs: readonly AccessPair[],
    clock: Pick<PriceClock, "accessRevocations">,
  ): Promise<HasAccess>;
  /**
   * Returns access without locks, to predict with: an access may have been revoked since. One that
   * is missing here was missing in the database, at the moment of the call.
   */
  predict(
    sql: Sql,
    pairs: readonly AccessPair[],
    asOfRevocations: bigint | undefined,
  ): Promise<HasAccess>;
}

export function createAccessCache(): AccessCache {
  let granted = new GrantedPairs();
  let asOf = -1n;

  /** The cache as of a count. Concurrent batches keep the object that they were given. */
  function cacheAsOf(revocations: bigint): GrantedPairs {
    // Replaces the cache before the lookup, so that a batch keeps what it found until it is
    // decided.
    if (granted.pairs > MAX_CACHED_PAIRS || revocations > asOf) granted = new GrantedPairs();
    asOf = max(revocations, asOf);
    return revocations === asOf ? granted : new GrantedPairs();
  }

  return {
    read: (sql, pairs, { accessRevocations }) => lookUp(sql, pairs, cacheAsOf(accessRevocations)),
    // What it adds was read after `asOf`, so it stands as long as that is the newest count.
    predict: (sql, pairs, asOfRevocations) =>
      lookUp(sql, pairs, cacheAsOf(max(asOfRevocations ?? asOf, asOf))),
  };
}

async function lookUp(
  sql: Sql,
  pairs: readonly AccessPair[],
  current: GrantedPairs,
): Promise<HasAccess> {
  const missing = pairs.filter(({ spender, provider }) => !current.has(spender, provider));
  if (missing.length === 0) return hasAllRequested;
  // Plan: provider_access by primary key.
  const found = await sql.query<{ spender: Hex; provider: Address }>(
    `select spender, provider from provider_access
       join (select distinct * from unnest($1::bytea[], $2::bytea[])) as asked (spender, provider)
         using (spender, provider)
       where revoked_at is null`,
    [
      byteaArray(missing.map(({ spender }) => spender)),
      byteaArray(missing.map(({ provider }) => provider)),
    ],
  );
  for (const { spender, provider } of found) current.add(spender, provider);
  return (spender, provider) => current.has(spender, provider);
}

/** The answer if all requested pairs are cached. */
const hasAllRequested = () => true;

/**
 * A set of (spender, provider) pairs, nested by provider, because a joined string key would be
 * hashed for every event.
 */
class GrantedPairs {
  readonly #spenders = new Map<Address, Set<SpenderId>>();

  pairs = 0;

  has(spender: SpenderId, provider: Address): boolean {
    return this.#spenders.get(provider)?.has(spender) === true;
  }

  add(spender: SpenderId, provider: Address): void {
    const before = this.#spenders.get(provider);
    if (before === undefined) this.#spenders.set(provider, new Set([spender]));
    else if (before.has(spender)) return;
    else before.add(spender);
    this.pairs++;
  }
}

/** A pair takes about 300 bytes: ids and addresses have one length. */
const MAX_CACHED_PAIRS = 150_000;
