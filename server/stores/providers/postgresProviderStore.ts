import type { Address, Hex } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { ApprovalPolicy } from "./approvalStore.ts";
import { checkBound } from "./providerBounds.ts";
import { countRevocation } from "./countRevocation.ts";
import type { Caller, ProviderAccess, ProviderKey, ProviderStore } from "./providerStore.ts";
import { revokeSelfIssued } from "../issuing/revokeGrants.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { sharedLookup } from "@compute-credits/platform/process/sharedLookup";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";

export function createProviderStore(
  database: Database,
  policy: ApprovalPolicy = "automatic",
): ProviderStore {
  // Every request needs it, so concurrent lookups share one query.
  const callerOfKey = sharedLookup<Hex, Caller>(async (keyHashes) => {
    // Plan: provider_keys, then provider_approvals, by primary key.
    const keys = await database.query<Caller & { hash: Hex }>(
      `select key_hash as hash, provider, coalesce(approved, $2) as "isApproved",
         revoked_at as "endsAt",
         (select count from access_revocations) as "asOfRevocations"
       from provider_keys left join provider_approvals using (provider)
       where key_hash = any($1::bytea[])
         and (revoked_at is null or revoked_at > clock_timestamp())`,
      [byteaArray(keyHashes), policy === "automatic"],
    );
    if (cached.size > MAX_CACHED_KEYS) cached.clear();
    for (const { hash, ...caller } of keys) {
      // So that an approval counts at once: a cached caller is asked again only after an end of one.
      if (caller.isApproved) cached.set(hash, caller);
      else cached.delete(hash);
    }
    return new Map(keys.map(({ hash, ...caller }) => [hash, caller]));
  });
  const cached = new Map<Hex, Caller>();

  return {
    callerOfKey,
    cachedCaller(keyHash) {
      const caller = cached.get(keyHash);
      if (caller === undefined) return null;
      if (caller.endsAt === null || caller.endsAt.getTime() > Date.now()) return caller;
      cached.delete(keyHash);
      return null;
    },

    async addKey({ provider, keyHash, signature = null }) {
      const known = await readKey(database, keyHash);
      if (known === null) {
        await checkKeys(database, provider);
        await database.transaction(async (tx) => {
          const [added] = await tx.query<{ at: Date }>(
            `insert into provider_keys (key_hash, provider) values ($1, $2)
             on conflict do nothing returning created_at as at`,
            [bytea(keyHash), bytea(provider)],
          );
          if (added === undefined) return;
          await writeNotes(tx, [{ kind: "provider_key", provider, keyHash, signature, ...added }]);
        });
      }
      // Read again, because another provider may have registered the key in the meantime.
      const key = known ?? (await readKey(database, keyHash));
      if (key?.provider !== provider) return "taken";
      return key.isRevoked ? "revoked" : "added";
    },

    async revokeKey({ provider, keyHash, signature = null }) {
      const known = await readKey(database, keyHash);
      if (known?.provider !== provider) return null;
      if (known.isRevoked) return known.revokedAt;
      return await endKey({ provider, keyHash, signature, inSeconds: 0 });
    },

    async endKey({ inSeconds, ...key }) {
      const known = await readKey(database, key.keyHash);
      if (known?.provider !== key.provider) return null;
      return await endKey({ ...key, signature: null, inSeconds });
    },

    async grantAccess({ signature = null, ...pair }) {
      const known = await readAccess(database, pair);
      if (known !== null) return known.revokedAt === null;
      await insertAccess(pair, signature);
      // Read again, because the spender may have revoked the access in the meantime.
      const access = await readAccess(database, pair);
      return access?.revokedAt === null;
    },

    async revokeAccess({ signature = null, ...pair }) {
      const known = await readAccess(database, pair);
      if (known === null) return null;
      const revokedAt = known.revokedAt ?? (await endAccess(pair, signature));
      await revokeSelfIssued(database, pair);
      return revokedAt;
    },
  };

  /** Ends a key now or later. The note has the end's time, and all servers read the key again. */
  async function endKey({
    provider,
    keyHash,
    signature,
    inSeconds,
  }: ProviderKey & {
    readonly signature: Hex | null;
    readonly inSeconds: number;
  }): Promise<Date | null> {
    return await database.transaction(async (tx) => {
      const [ended] = await tx.query<{ at: Date }>(
        `update provider_keys set revoked_at = clock_timestamp() + make_interval(secs => $2)
         where key_hash = $1 and (revoked_at is null
           or revoked_at > clock_timestamp() + make_interval(secs => $2))
         returning revoked_at as at`,
        [bytea(keyHash), inSeconds],
      );
      if (ended !== undefined) {
        const end = { kind: "provider_key_end", provider, keyHash, signature } as const;
        await writeNotes(tx, [{ ...end, ...ended }]);
        await countRevocation(tx);
      }
      return (await readKey(tx, keyHash))?.revokedAt ?? null;
    });
  }

  /** Counts the spender against the provider's bound, in the transaction of the access. */
  async function insertAccess(
    { spender, provider }: ProviderAccess,
    signature: Hex | null,
  ): Promise<void> {
    await database.transaction(async (tx) => {
      const added = await tx.query(
        `insert into provider_access (spender, provider, signature) values ($1, $2, $3)
           on conflict do nothing returning spender`,
        [bytea(spender), bytea(provider), signature === null ? null : bytea(signature)],
      );
      if (added.length === 0) return;
      // After the insert, so that the provider's own row is locked the shortest.
      const [use] = await tx.query<{ spenders: bigint }>(
        `insert into provider_uses (provider, spenders) values ($1, 1)
           on conflict (provider) do update set spenders = provider_uses.spenders + 1
           returning spenders`,
        [bytea(provider)],
      );
      checkBound("spenders", use?.spenders ?? 0n);
    });
  }

  async function endAccess(pair: ProviderAccess, signature: Hex | null): Promise<Date | null> {
    const { spender, provider } = pair;
    return await database.transaction(async (tx) => {
      // Locks all accounts that pay for the spender, in the order of debits: no debit uses the
      // access after this call returns.
      await tx.query(
        `select 1 from accounts where address in (select account from signed_allowances
             where spender = $1 and accepted)
           order by address for update`,
        [bytea(spender)],
      );
      const revoked = await tx.query(
        `update provider_access set revoked_at = clock_timestamp()
           where spender = $1 and provider = $2 and revoked_at is null returning spender`,
        [bytea(spender), bytea(provider)],
      );
      if (revoked.length > 0) {
        await writeNotes(tx, [{ kind: "access_end", spender, provider, signature }]);
        await countRevocation(tx);
      }
      return (await readAccess(tx, pair))?.revokedAt ?? null;
    });
  }
}

async function checkKeys(sql: Sql, provider: Address): Promise<void> {
  // Plan: provider_keys_of_provider; there are at most as many rows as the bound.
  const [keys] = await sql.query<{ all: bigint; open: bigint }>(
    `select count(*) as all, count(*) filter
       (where revoked_at is null or revoked_at > clock_timestamp()) as open
     from provider_keys where provider = $1`,
    [bytea(provider)],
  );
  checkBound("keys", (keys?.all ?? 0n) + 1n);
  checkBound("openKeys", (keys?.open ?? 0n) + 1n);
}

interface KeyState {
  readonly provider: Address;
  /** ahead for a key that another one replaces */
  readonly revokedAt: Date | null;
  readonly isRevoked: boolean;
}

/**
 * Reads a key without a lock. Revocations are final, so a revoked key stays what it is; anything
 * else is checked again by the statement that changes it.
 */
async function readKey(sql: Sql, keyHash: Hex): Promise<KeyState | null> {
  // Plan: provider_keys by primary key.
  const [key] = await sql.query<KeyState>(
    `select provider, revoked_at as "revokedAt",
       coalesce(revoked_at <= clock_timestamp(), false) as "isRevoked"
     from provider_keys where key_hash = $1`,
    [bytea(keyHash)],
  );
  return key ?? null;
}

/** Reads an access without a lock; `null` if it was never granted. Like `readKey`. */
async function readAccess(
  sql: Sql,
  { spender, provider }: ProviderAccess,
): Promise<Pick<KeyState, "revokedAt"> | null> {
  // Plan: provider_access by primary key.
  const [access] = await sql.query<Pick<KeyState, "revokedAt">>(
    `select revoked_at as "revokedAt" from provider_access where spender = $1 and provider = $2`,
    [bytea(spender), bytea(provider)],
  );
  return access ?? null;
}

/** A key takes about 300 bytes. */
const MAX_CACHED_KEYS = 50_000;
