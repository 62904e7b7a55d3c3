import type { Address, Hex } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import type { Caller, ProviderStore } from "./providerStore.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { sharedLookup } from "@compute-credits/platform/process/sharedLookup";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";

export function createProviderStore(database: Database): ProviderStore {
  // Every request needs it, so concurrent lookups share one query.
  const callerOfKey = sharedLookup<Hex, Caller>(async (keyHashes) => {
    // Plan: provider_keys by primary key.
    const keys = await database.query<Caller & { hash: Hex }>(
      `select key_hash as hash, provider,
         (select count from access_revocations) as "asOfRevocations"
       from provider_keys where key_hash = any($1::bytea[]) and revoked_at is null`,
      [byteaArray(keyHashes)],
    );
    if (cached.size > MAX_CACHED_KEYS) cached.clear();
    for (const { hash, ...caller } of keys) cached.set(hash, caller);
    return new Map(keys.map(({ hash, ...caller }) => [hash, caller]));
  });
  const cached = new Map<Hex, Caller>();

  return {
    callerOfKey,
    providerOfKey: async (keyHash) => (await callerOfKey(keyHash))?.provider ?? null,
    cachedCaller: (keyHash) => cached.get(keyHash) ?? null,

    async addKey({ provider, keyHash }) {
      await database.query(
        "insert into provider_keys (key_hash, provider) values ($1, $2) on conflict do nothing",
        [bytea(keyHash), bytea(provider)],
      );
      const [key] = await database.query<{ provider: Address; revoked: boolean }>(
        "select provider, revoked_at is not null as revoked from provider_keys where key_hash = $1",
        [bytea(keyHash)],
      );
      if (key?.provider !== provider) return "taken";
      return key.revoked ? "revoked" : "added";
    },

    async revokeKey({ provider, keyHash }) {
      return await database.transaction(async (tx) => {
        const [key] = await tx.query<{ revoked_at: Date }>(
          `update provider_keys set revoked_at = coalesce(revoked_at, clock_timestamp())
           where key_hash = $1 and provider = $2 returning revoked_at`,
          [bytea(keyHash), bytea(provider)],
        );
        if (key === undefined) return null;
        await tx.query("update access_revocations set count = count + 1");
        return key.revoked_at;
      });
    },

    async grantAccess({ spender, provider, signature = null }) {
      const pair = [bytea(spender), bytea(provider)];
      await database.query(
        `insert into provider_access (spender, provider, signature) values ($1, $2, $3)
           on conflict do nothing`,
        [...pair, signature === null ? null : bytea(signature)],
      );
      const [access] = await database.query<{ granted: boolean }>(
        `select revoked_at is null as granted from provider_access where spender = $1
           and provider = $2`,
        pair,
      );
      return access?.granted ?? false;
    },

    async revokeAccess({ spender, provider, signature = null }) {
      return await database.transaction(async (tx) => {
        // Locks all accounts that pay for the spender, in the order of debits: no debit uses the
        // access after this call returns.
        await tx.query(
          `select 1 from accounts where address in (select account from allowances
             where spender = $1)
           order by address for update`,
          [bytea(spender)],
        );
        const pair = [bytea(spender), bytea(provider)];
        const revoked = await tx.query(
          `update provider_access set revoked_at = clock_timestamp()
           where spender = $1 and provider = $2 and revoked_at is null returning spender`,
          pair,
        );
        if (revoked.length > 0) {
          await writeNotes(tx, [{ kind: "access_end", spender, provider, signature }]);
        }
        const [access] = await tx.query<{ revoked_at: Date }>(
          "select revoked_at from provider_access where spender = $1 and provider = $2",
          pair,
        );
        await tx.query("update access_revocations set count = count + 1");
        return access?.revoked_at ?? null;
      });
    },
  };
}

/** A key takes about 300 bytes. */
const MAX_CACHED_KEYS = 50_000;
