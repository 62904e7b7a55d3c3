import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { SpendingState } from "@compute-credits/rules/spending/spendingDraft";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { PriceClock } from "../pricing/priceClock.ts";
import { byteaArray } from "@compute-credits/platform/postgres/values";

/**
 * Caches which provider may bill which spender, until `accessRevocations` shows that any access was
 * revoked. Read that count under the payers' locks.
 */
export function createAccessCache() {
  let granted = new GrantedPairs();
  let asOf = -1n;
  return async (
    sql: Sql,
    pairs: readonly { spender: SpenderId; provider: Address }[],
    { accessRevocations }: Pick<PriceClock, "accessRevocations">,
  ): Promise<SpendingState["hasAccess"]> => {
    // Replaces the cache before the lookup, so that a batch keeps what it found until it is
    // decided. Concurrent batches keep the old object.
    if (granted.pairs > MAX_CACHED_PAIRS || accessRevocations > asOf) granted = new GrantedPairs();
    asOf = accessRevocations > asOf ? accessRevocations : asOf;
    const current = accessRevocations === asOf ? granted : new GrantedPairs();
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
  };
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
    else before.add(spender);
    this.pairs++;
  }
}

/** A pair takes about 300 bytes. */
const MAX_CACHED_PAIRS = 150_000;
