import type { Hex } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea, byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import type { KeyDetailStore, KeyDetails } from "./keyDetailStore.ts";

export function createKeyDetailStore(database: Database): KeyDetailStore {
  return {
    async read(keyHashes) {
      if (keyHashes.length === 0) return new Map();
      // Plan: key_details by primary key.
      const rows = await database.query<KeyDetails & { hash: Hex }>(
        `select key_hash as hash, label, used_at as "usedAt" from key_details
         where key_hash = any($1::bytea[])`,
        [byteaArray(keyHashes)],
      );
      return new Map(rows.map(({ hash, ...details }) => [hash, details]));
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
