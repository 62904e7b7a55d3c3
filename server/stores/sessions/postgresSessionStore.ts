import { createHash, randomBytes } from "node:crypto";

import type { Address, Hex } from "viem";

import { SESSION_PREFIX } from "@compute-credits/protocol/messages/keyKind";
import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea, byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import { SESSIONS, type Session, type SessionStore } from "./sessionStore.ts";

const COLUMNS = `token_hash as id, address, label, created_at as "createdAt",
  expires_at as "expiresAt", used_at as "usedAt"`;

const TOKEN_BYTES = 32;

export function createSessionStore(database: Database): SessionStore {
  let secret: Hex | null = null;

  return {
    async open({ address, label, expiresAt, nonce, nonceExpiresAt }) {
      const token = SESSION_PREFIX + randomBytes(TOKEN_BYTES).toString("hex");
      return await database.transaction(async (tx) => {
        // The primary key decides which of two requests, perhaps on two servers, used the nonce.
        const used = await tx.query(
          `insert into used_nonces (nonce, expires_at) values ($1, $2)
           on conflict do nothing returning nonce`,
          [bytea(nonce), nonceExpiresAt],
        );
        if (used.length === 0) return null;
        const [session] = await tx.query<Session>(
          `insert into sessions (token_hash, address, label, expires_at) values ($1, $2, $3, $4)
           returning ${COLUMNS}`,
          [bytea(tokenHash(token)), bytea(address), label, expiresAt],
        );
        if (session === undefined) throw new Error("an insert returned no row");
        // Plan: sessions_of_address. The new session was used last, so it stays.
        await tx.query(
          `delete from sessions where token_hash in (select token_hash from sessions
             where address = $1 order by used_at desc, token_hash offset $2)`,
          [bytea(address), SESSIONS.perAddress],
        );
        return { session, token };
      });
    },

    async find(token) {
      // Plan: sessions by primary key.
      const [session] = await database.query<Session>(
        `select ${COLUMNS} from sessions where token_hash = $1 and expires_at > clock_timestamp()`,
        [bytea(tokenHash(token))],
      );
      return session ?? null;
    },

    async ofAddress(address) {
      // Plan: sessions_of_address.
      return await database.query<Session>(
        `select ${COLUMNS} from sessions where address = $1 and expires_at > clock_timestamp()
         order by used_at desc, token_hash limit $2`,
        [bytea(address), SESSIONS.perAddress],
      );
    },

    async revoke({ address, id }) {
      const deleted = await database.query(
        "delete from sessions where token_hash = $1 and address = $2 returning token_hash",
        [bytea(id), bytea(address)],
      );
      return deleted.length > 0;
    },

    async revokeAll(address: Address) {
      const deleted = await database.query(
        "delete from sessions where address = $1 returning token_hash",
        [bytea(address)],
      );
      return deleted.length;
    },

    async recordUses(uses) {
      await database.query(
        `update sessions set used_at = greatest(used_at, at)
         from unnest($1::bytea[], $2::timestamptz[]) as used (hash, at) where token_hash = hash`,
        [
          byteaArray(uses.map(({ hash }) => hash)),
          textArray(uses.map(({ at }) => at.toISOString())),
        ],
      );
    },

    async deleteExpired(most) {
      // Plan: sessions_by_expiry and used_nonces_by_expiry.
      const [sessions, nonces] = await Promise.all([
        database.query(
          `delete from sessions where token_hash in (select token_hash from sessions
             where expires_at <= clock_timestamp() order by expires_at limit $1)
           returning token_hash`,
          [most],
        ),
        database.query(
          `delete from used_nonces where nonce in (select nonce from used_nonces
             where expires_at <= clock_timestamp() order by expires_at limit $1)
           returning nonce`,
          [most],
        ),
      ]);
      return Math.max(sessions.length, nonces.length);
    },

    async nonceSecret() {
      if (secret !== null) return secret;
      const [row] = await database.query<{ secret: Hex }>("select secret from nonce_secret");
      if (row === undefined) throw new Error("the database has no nonce_secret");
      secret = row.secret;
      return secret;
    },
  };
}

/** The token has 256 random bits, so a fast hash without salt hides it. */
function tokenHash(token: string): Hex {
  return `0x${createHash("sha256").update(token).digest("hex")}`;
}
