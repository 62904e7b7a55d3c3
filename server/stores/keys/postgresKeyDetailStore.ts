import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea, byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import { type KeyDetailStore, OWN_KEYS, type OwnKey } from "./keyDetailStore.ts";

/** All keys of the wallet $1. */
const OWN = `select kind, key_hash as "keyHash", campaign, created_at as "createdAt",
    expires_at as "expiresAt", revoked_at as "revokedAt", coalesce(label, '') as label,
    used_at as "usedAt",
    coalesce(least(revoked_at, expires_at) > clock_timestamp(), true) as "isOpen"
  from (
    select 'provider' as kind, key_hash, null::bytea as campaign, created_at,
      null::timestamptz as expires_at, revoked_at from provider_keys where provider = $1
    union all select 'issuing', key_hash, campaign, created_at, null, revoked_at
      from issuing_keys where account = $1
    union all select 'view', key_hash, null, created_at, expires_at, revoked_at
      from view_keys where account = $1
  ) as keys left join key_details using (key_hash)`;

/** `reads` is for lists, `database` for what must be true now. */
export function createKeyDetailStore(database: Database, reads: Database): KeyDetailStore {
  return {
    async ofWallet(owner) {
      // Plan: the index of each kind's owner; there are at most some thousand rows.
      return await reads.query<OwnKey>(
        `${OWN} order by "isOpen" desc, "createdAt" desc, "keyHash" limit $2`,
        [bytea(owner), OWN_KEYS],
      );
    },

    async find(owner, keyHash) {
      const [key] = await database.query<OwnKey>(
        `select * from (${OWN}) as own where "keyHash" = $2`,
        [bytea(owner), bytea(keyHash)],
      );
      return key ?? null;
    },

    async setLabel(keyHash, label) {
      await database.query(
        `insert into key_details (key_hash, label) values ($1, $2)
         on conflict (key_hash) do update set label = excluded.label`,
        [bytea(keyHash), label],
      );
    },

    async recordUses(uses) {
      await database.query(
        `insert into key_details (key_hash, used_at)
         select * from unnest($1::bytea[], $2::timestamptz[])
         on conflict (key_hash) do update
           set used_at = greatest(key_details.used_at, excluded.used_at)`,
        [
          byteaArray(uses.map(({ hash }) => hash)),
          textArray(uses.map(({ at }) => at.toISOString())),
        ],
      );
    },
  };
}
