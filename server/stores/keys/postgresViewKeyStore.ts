import type { Hex } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import {
  type AddViewKeyOutcome,
  VIEW_KEYS,
  type ViewKey,
  type ViewKeyStore,
} from "./viewKeyStore.ts";

const COLUMNS = `account, key_hash as "keyHash", created_at as "createdAt",
  expires_at as "expiresAt", revoked_at as "revokedAt",
  coalesce(revoked_at <= clock_timestamp(), false) as "isRevoked"`;

export function createViewKeyStore(database: Database): ViewKeyStore {
  return {
    async add(key) {
      const { account, keyHash, expiresAt } = key;
      const known = await decide(database, key);
      if (known !== null) return known;
      const [added] = await database.query<ViewKey>(
        `insert into view_keys (key_hash, account, expires_at) values ($1, $2, $3)
         on conflict do nothing returning ${COLUMNS}`,
        [bytea(keyHash), bytea(account), expiresAt],
      );
      if (added !== undefined) return { result: "added", key: added, repeated: false };
      // Another request has added it in the meantime.
      return (await decide(database, key)) ?? { result: "refused", reason: "key_taken" };
    },

    find: (keyHash) => readKey(database, keyHash),

    async end({ account, keyHash, inSeconds }) {
      const [ended] = await database.query<{ at: Date }>(
        `update view_keys set revoked_at = least(revoked_at,
           clock_timestamp() + make_interval(secs => $3))
         where key_hash = $1 and account = $2 returning revoked_at as at`,
        [bytea(keyHash), bytea(account), inSeconds],
      );
      return ended?.at ?? null;
    },

    async deleteExpired(most) {
      // Plan: view_keys_by_expiry.
      const deleted = await database.query(
        `with old as (select key_hash from view_keys
           where expires_at < clock_timestamp() - make_interval(secs => $1)
           order by expires_at limit $2),
         details as (delete from key_details where key_hash in (select key_hash from old))
         delete from view_keys where key_hash in (select key_hash from old) returning key_hash`,
        [VIEW_KEYS.keptSeconds, most],
      );
      return deleted.length;
    },
  };
}

/** The answer to a registration that changes nothing; `null` if the key may be added. */
async function decide(
  sql: Sql,
  { account, keyHash, expiresAt }: Pick<ViewKey, "account" | "keyHash" | "expiresAt">,
): Promise<AddViewKeyOutcome | null> {
  const key = await readKey(sql, keyHash);
  if (key !== null) {
    const isSame = key.account === account && key.expiresAt.getTime() === expiresAt.getTime();
    if (!isSame) return { result: "refused", reason: "key_taken" };
    if (key.isRevoked) return { result: "refused", reason: "key_revoked" };
    return { result: "added", key, repeated: true };
  }
  // Plan: view_keys_of_account; there are at most as many rows as the bound.
  const [keys] = await sql.query<{ all: bigint; open: bigint }>(
    `select count(*) as all, count(*) filter
       (where coalesce(revoked_at > clock_timestamp(), true) and expires_at > clock_timestamp()) as open
     from view_keys where account = $1`,
    [bytea(account)],
  );
  const { perAccount, openPerAccount } = VIEW_KEYS;
  if ((keys?.all ?? 0n) >= perAccount) return tooMany(perAccount);
  return (keys?.open ?? 0n) >= openPerAccount ? tooMany(openPerAccount) : null;
}

function tooMany(limit: number): AddViewKeyOutcome {
  return { result: "refused", reason: "too_many_keys", limit };
}

async function readKey(sql: Sql, keyHash: Hex): Promise<ViewKey | null> {
  // Plan: view_keys by primary key.
  const [key] = await sql.query<ViewKey>(`select ${COLUMNS} from view_keys where key_hash = $1`, [
    bytea(keyHash),
  ]);
  return key ?? null;
}
